//! Metrics for a Pushgateway, which keeps what a job that has ended cannot be asked for.
//!
//! Pushed by POST, which replaces families of the same names only: the time of the last success stays while runs fail
//! (prometheus/pushgateway, README, "API").

use http::{Method, Uri};

use super::{
    Error, Patience,
    client::{Client, Message, Refusal},
};

/// The group of an address that names none.
const GROUP: &str = "/metrics/job/probity";

pub(super) async fn push(
    address: &str,
    content_type: &str,
    metrics: &[u8],
    patience: Patience,
) -> Result<(), Error> {
    let (root, path) = parts(address)?;
    let client = Client::of_address(root, patience)?;
    let message =
        Message { method: Method::POST, path: &path, accept: "*/*", body: Some((content_type, metrics)) };
    client.exchange(&message, |_| Some(())).await.map_err(|refusal| {
        let cause = match refusal {
            Refusal::Failed(cause) => cause,
            Refusal::Forbidden => "it answers 403".to_owned(),
            Refusal::Unauthorized => {
                "it answers 401: it wants credentials, which an address cannot hold".to_owned()
            }
            Refusal::NotFound | Refusal::Gone => {
                "it knows no such address: is it a Pushgateway's?".to_owned()
            }
        };
        Error::Delivery(format!("the metrics were not taken: {cause}"))
    })
}

/// Where the server is, and the path of the group.
fn parts(address: &str) -> Result<(Uri, String), Error> {
    let wrong = |why: &str| Error::Configuration(format!("the address for metrics {why}"));
    let uri: Uri = address.parse().map_err(|_| wrong("is none; write `http://HOST:PORT`"))?;
    let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong("has no scheme; write `http://HOST:PORT` or `https://HOST`"));
    };
    if authority.as_str().contains('@') {
        return Err(wrong("holds credentials, which lists of processes show; let a proxy add them"));
    }
    if uri.query().is_some() {
        return Err(wrong(
            "has a query; labels of the group are parts of the path: `/metrics/job/NAME/LABEL/VALUE`",
        ));
    }
    let given = uri.path().trim_end_matches('/');
    let path = if given.contains("/metrics/job") { given.to_owned() } else { format!("{given}{GROUP}") };
    let root = format!("{scheme}://{authority}").parse().map_err(|_| wrong("is none"))?;
    Ok((root, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_group_or_gets_ours() {
        for (address, path) in [
            ("http://gateway:9091", "/metrics/job/probity"),
            ("https://example.com/push/", "/push/metrics/job/probity"),
            ("http://gateway:9091/metrics/job/audit/cluster/prod", "/metrics/job/audit/cluster/prod"),
        ] {
            assert_eq!(parts(address).unwrap().1, path, "{address}");
        }
        for (address, why) in [
            ("gateway:9091", "no scheme"),
            ("http://me:corr3ct-h0rse@gateway", "holds credentials"),
            ("http://gateway?job=a", "has a query"),
            ("ftp://gateway", "no scheme"),
        ] {
            let said = parts(address).unwrap_err().to_string();
            assert!(said.contains(why) && !said.contains("corr3ct"), "{address}: {said}");
        }
    }
}
