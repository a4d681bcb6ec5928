//! Requests: credentials and connection are `kube`'s, patience is ours.
//!
//! No message holds anything of a kubeconfig but names, and nothing of an answer but its status.

use std::{error::Error as _, io, time::Duration};

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use kube::{client::Body, config::Config};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Error, Patience, Target, kubeconfig::configuration};

/// Largest answer: a page of 500 objects of the largest size that etcd takes is larger, but no server holds such.
const LARGEST_ANSWER: usize = 256 << 20;

/// A connection with what is left of its time.
pub(super) struct Client {
    inner: kube::Client,
    patience: Patience,
    deadline: Instant,
}

/// What is sent.
pub(super) struct Message<'m> {
    pub(super) method: Method,
    pub(super) path: &'m str,
    pub(super) accept: &'m str,
    /// Media type and bytes.
    pub(super) body: Option<(&'m str, &'m [u8])>,
}

/// Why a request has no answer, for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The server does not let these credentials do it.
    Forbidden,
    /// The server does not know who asks.
    Unauthorized,
    NotFound,
    /// The list expired while it was read.
    Gone,
    Failed(String),
}

impl Refusal {
    /// What happened, whose move it is, and what to do.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Forbidden => {
                "the server refuses the list to these credentials (403); grant `list` on it".into()
            }
            Self::Unauthorized => {
                "the server does not accept the credentials (401); log in again, or renew the token".into()
            }
            Self::NotFound => "the server does not serve it any more (404); run the scan again".into(),
            Self::Gone => {
                "the list expired each time before its end (410); run the scan when less changes".into()
            }
            Self::Failed(cause) => cause.clone(),
        }
    }
}

/// One try.
enum Failure {
    Final(Refusal),
    /// Worth another try, after what the server asks for.
    Again {
        after: Option<Duration>,
        cause: String,
    },
}

impl Client {
    pub(super) async fn new(target: &Target) -> Result<Self, Error> {
        let deadline = Instant::now() + target.patience.deadline;
        let mut config = configuration(target).await?;
        // Retries are counted and timed here, so that a deadline holds.
        config.default_retry = false;
        config.connect_timeout = Some(target.patience.answer);
        let program = config.auth_info.exec.as_ref().and_then(|exec| exec.command.clone());
        // Programs that give credentials are run at once, and may wait for ever.
        let made = tokio::task::spawn_blocking(move || kube::Client::try_from(config).map_err(drop));
        let made = timeout_at(deadline, made).await.map_err(|_| {
            let program = program.map_or_else(|| "a program".to_owned(), |program| format!("the program `{program}`"));
            Error::Configuration(format!(
                "{program}, which the kubeconfig asks for credentials, did not answer within {}; run it by hand, or \
                 give more time with `--cluster-deadline`",
                told(target.patience.deadline)
            ))
        })?;
        // No task is cancelled, and a panic is ours to fail on.
        let made = made.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        let inner = made.map_err(|()| {
            Error::Configuration(
                "the cluster's entry in the kubeconfig cannot be used: its certificates, its proxy or its way to log \
                 in; try `kubectl version` with it"
                    .to_owned(),
            )
        })?;
        Ok(Self { inner, patience: target.patience, deadline })
    }

    /// One that is reached without credentials of a cluster.
    pub(super) fn of_address(address: http::Uri, patience: Patience) -> Result<Self, Error> {
        let mut config = Config::new(address);
        config.default_retry = false;
        config.connect_timeout = Some(patience.answer);
        let inner = kube::Client::try_from(config)
            .map_err(|_| Error::Configuration("no client can be made for the address".to_owned()))?;
        Ok(Self { inner, patience, deadline: Instant::now() + patience.deadline })
    }

    /// The answer to a GET, as `decode` understands it; what it does not understand counts as a broken answer.
    pub(super) async fn get<T>(
        &self,
        path: &str,
        accept: &str,
        decode: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<T, Refusal> {
        self.exchange(&Message { method: Method::GET, path, accept, body: None }, decode).await
    }

    /// The answer to a message that may be sent several times: what it asks for is the same afterwards.
    pub(super) async fn exchange<T>(
        &self,
        message: &Message<'_>,
        decode: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<T, Refusal> {
        let mut tries = 0;
        let mut pause = self.patience.pause;
        loop {
            let once = timeout(self.patience.answer, self.once(message));
            let outcome = match timeout_at(self.deadline, once).await {
                Err(_) => return Err(self.too_late()),
                Ok(Err(_)) => Err(Failure::Again {
                    after: None,
                    cause: format!("the server did not answer within {}", told(self.patience.answer)),
                }),
                Ok(Ok(outcome)) => outcome,
            };
            let decoded = outcome.and_then(|bytes| {
                decode(&bytes).ok_or_else(|| Failure::Again {
                    after: None,
                    cause: "the server's answer is cut off, or no JSON of Kubernetes".to_owned(),
                })
            });
            let (after, cause) = match decoded {
                Ok(decoded) => return Ok(decoded),
                Err(Failure::Final(refusal)) => return Err(refusal),
                Err(Failure::Again { after, cause }) => (after, cause),
            };
            tries += 1;
            if tries >= self.patience.tries {
                return Err(Refusal::Failed(format!("{cause}, {tries} times; run the scan again later")));
            }
            let wait = after.unwrap_or(pause);
            // What a server asks for may be longer than any time that there is.
            if wait >= self.deadline.saturating_duration_since(Instant::now()) {
                let late = self.too_late().message();
                return Err(Refusal::Failed(format!("{cause}, and {late}")));
            }
            sleep(wait).await;
            pause = pause.saturating_mul(2);
        }
    }

    fn too_late(&self) -> Refusal {
        let deadline = told(self.patience.deadline);
        Refusal::Failed(format!("the deadline of {deadline} is over; give more with `--cluster-deadline`"))
    }

    async fn once(&self, message: &Message<'_>) -> Result<Vec<u8>, Failure> {
        let Message { method, path, accept, body } = message;
        let request = Request::builder().method(method).uri(*path).header(header::ACCEPT, *accept);
        let request = match body {
            None => request.body(Body::empty()),
            Some((kind, bytes)) => {
                request.header(header::CONTENT_TYPE, *kind).body(Body::from(bytes.to_vec()))
            }
        };
        let request = request.map_err(|_| {
            Failure::Final(Refusal::Failed(format!("`{path}` is no address that a server can have")))
        })?;
        let again = |cause| Failure::Again { after: None, cause };
        let response = self.inner.send(request).await.map_err(|error| unsent(&error))?;
        let (status, after) = (response.status(), retry_after(&response));
        if let Some(refusal) = refusal(status) {
            return Err(Failure::Final(refusal));
        }
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            return Err(Failure::Again { after, cause: format!("the server answers {}", status.as_u16()) });
        }
        let is_done = if message.body.is_some() { status.is_success() } else { status == StatusCode::OK };
        if !is_done {
            let what = if message.body.is_some() { "takes nothing" } else { "is no list" };
            let cause = format!("the server answers {}, which {what}", status.as_u16());
            return Err(Failure::Final(Refusal::Failed(cause)));
        }
        let body = Limited::new(response.into_body(), LARGEST_ANSWER).collect().await;
        let body = body.map_err(|_| again("the server's answer is cut off, or endless".to_owned()))?;
        Ok(body.to_bytes().into())
    }
}

fn refusal(status: StatusCode) -> Option<Refusal> {
    match status {
        StatusCode::FORBIDDEN => Some(Refusal::Forbidden),
        StatusCode::UNAUTHORIZED => Some(Refusal::Unauthorized),
        StatusCode::NOT_FOUND => Some(Refusal::NotFound),
        StatusCode::GONE => Some(Refusal::Gone),
        _ => None,
    }
}

/// Seconds that the server asks for; API servers give no dates.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// Errors of credentials may show them, so that only what the system said of the connection is told.
fn unsent(error: &kube::Error) -> Failure {
    if matches!(error, kube::Error::Auth(_)) {
        let cause = "the credentials of the kubeconfig cannot be had: its program failed, or its token cannot be read; \
                     try `kubectl version` with it";
        return Failure::Final(Refusal::Failed(cause.to_owned()));
    }
    let mut source = error.source();
    let mut said = None;
    while let Some(error) = source {
        said = error.downcast_ref::<io::Error>().map(ToString::to_string).or(said);
        source = error.source();
    }
    if let Some(said) = said.as_ref().filter(|said| said.contains(UNTRUSTED)) {
        return Failure::Final(Refusal::Failed(untrusted(said)));
    }
    let said = said.map(|said| format!(": {said}")).unwrap_or_default();
    Failure::Again { after: None, cause: format!("the server cannot be reached{said}") }
}

/// What `rustls` says of a server's certificate that is not taken: it will be the same at the next try.
const UNTRUSTED: &str = "invalid peer certificate";

fn untrusted(said: &str) -> String {
    let lower = said.to_lowercase().replace(' ', "");
    let (what, remedy) = if lower.contains("expired") || lower.contains("notvalidyet") {
        ("is out of its time", "renew it, or set the clock of this machine")
    } else if lower.contains("validforname") {
        (
            "is not made out to the address in the kubeconfig",
            "mend `server` there, or name the one it is made out to as `tls-server-name`",
        )
    } else {
        ("is not trusted", "give its authority as `certificate-authority` in the kubeconfig")
    };
    format!("the server's certificate {what} ({said}); {remedy}")
}

/// `90 s`.
fn told(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreached(said: &str) -> Failure {
        unsent(&kube::Error::Service(Box::new(io::Error::new(io::ErrorKind::InvalidData, said.to_owned()))))
    }

    #[test]
    fn a_certificate_that_is_not_taken_is_not_tried_again_and_the_remedy_is_said() {
        for (said, remedy) in [
            ("UnknownIssuer", "`certificate-authority`"),
            (
                "certificate expired: verification time 1 (UNIX), but certificate is not valid after 0",
                "renew",
            ),
            ("certificate not valid for name \"10.0.0.1\"", "`tls-server-name`"),
        ] {
            match unreached(&format!("invalid peer certificate: {said}")) {
                Failure::Final(Refusal::Failed(cause)) => {
                    assert!(cause.contains(said) && cause.contains(remedy), "{cause}");
                }
                _ => panic!("{said} is tried again"),
            }
        }
        assert!(matches!(unreached("connection reset by peer"), Failure::Again { .. }));
    }
}
