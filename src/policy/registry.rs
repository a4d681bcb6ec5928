//! Policies from an OCI registry (OCI distribution specification 1.1, "Pulling manifests", "Pulling blobs").
//!
//! Two kinds of artifacts are read: those of `conftest push`, each of whose layers is a policy or a data file, and
//! those whose one layer is a bundle of OPA. What was pulled is named by its digest, whatever tag was asked for, so
//! that reports and the audit log say what judged.
//! Deliberately absent: signatures, platforms, a cache (a tag may lead elsewhere tomorrow).

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol},
    errors::OciDistributionError,
    manifest::{OciDescriptor, OciManifest},
    secrets::RegistryAuth,
};
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::io::AsyncWrite;

use super::{
    bundle::{self, Bundle, BundleError, LARGEST, MOST},
    input,
    load::{PolicyFile, REGISTRY},
};
use crate::source::read;

/// A whole pull may take so long: a scan must not hang on a registry.
const DEADLINE: Duration = Duration::from_mins(1);

/// Layers of `conftest push` (`internal/commands/push.go` of Conftest 0.71).
const POLICY_LAYER: &str = "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego";
const DATA_LAYER: &str = "application/vnd.cncf.openpolicyagent.data.layer.v1+json";

/// The layer that is a bundle (`plugins/oci` of OPA's downloader; the ORAS command line by default).
const BUNDLE_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The file's name on the disk of whoever pushed it.
const TITLE: &str = "org.opencontainers.image.title";

/// Why an artifact cannot be used.
#[derive(Debug, Error)]
pub enum RegistryError {
    #[error(
        "is no reference: {0}; write `oci://HOST/REPOSITORY:TAG` or `oci://HOST/REPOSITORY@sha256:DIGEST`"
    )]
    Reference(String),
    #[error("cannot be pulled: {0}")]
    Pull(String),
    #[error("was not pulled within {} s; look at the registry and the network between", DEADLINE.as_secs())]
    Deadline,
    #[error("needs credentials that cannot be had: {0}; log in again, for example with `oras login`")]
    Credentials(&'static str),
    #[error("is an index of several images; name one of them by its digest")]
    Index,
    #[error(
        "holds neither Rego nor a bundle, but {0}; push it with `conftest push`, or a bundle of `opa build`"
    )]
    Foreign(String),
    #[error("has a layer without a title, so its file has no name; push it with `conftest push`")]
    Untitled,
    #[error("holds `{file}`, which cannot be read: {cause}; push it again")]
    File { file: String, cause: String },
    #[error("holds a bundle that cannot be used: {0}")]
    Bundle(#[from] BundleError),
}

/// Pulls an artifact, given with [`REGISTRY`].
///
/// The registry is asked over TLS, but on this machine (`localhost`, `127.0.0.1`, `[::1]`). Credentials are those
/// that Docker and ORAS keep (`config.json`, credential helpers).
///
/// # Errors
/// Where the artifact cannot be pulled within a minute, is too large, or holds no policies.
pub fn pull(name: &str) -> Result<Bundle, RegistryError> {
    let reference: Reference = name
        .strip_prefix(REGISTRY)
        .unwrap_or(name)
        .parse()
        .map_err(|error: oci_client::ParseError| RegistryError::Reference(error.to_string()))?;
    let credentials = credentials(reference.registry())?;
    // Another client of this process may have chosen it before: it is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| RegistryError::Pull(error.to_string()))?;
    runtime.block_on(async {
        let pulled = tokio::time::timeout(DEADLINE, artifact(&reference, &credentials)).await;
        pulled.map_err(|_| RegistryError::Deadline)?
    })
}

async fn artifact(reference: &Reference, credentials: &RegistryAuth) -> Result<Bundle, RegistryError> {
    let config = ClientConfig {
        protocol: ClientProtocol::HttpsExcept(
            is_here(reference.registry()).then(|| reference.registry().to_owned()).into_iter().collect(),
        ),
        user_agent: concat!("probity/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    };
    let client = Client::try_from(config).map_err(|error| failed(&error))?;
    let (manifest, digest) =
        client.pull_manifest(reference, credentials).await.map_err(|error| failed(&error))?;
    let OciManifest::Image(manifest) = manifest else { return Err(RegistryError::Index) };
    let sizes = manifest.layers.iter().map(|layer| u64::try_from(layer.size).unwrap_or(u64::MAX));
    if manifest.layers.len() > MOST || sizes.fold(0, u64::saturating_add) > LARGEST {
        return Err(BundleError::TooLarge.into());
    }
    let name = format!("{REGISTRY}{}/{}@{digest}", reference.registry(), reference.repository());
    let mut artifact = Bundle::default();
    let mut foreign = Vec::new();
    for layer in &manifest.layers {
        let kind = layer.media_type.as_str();
        if kind == POLICY_LAYER {
            let (file, text) = text(&client, reference, layer).await?;
            artifact.files.push(PolicyFile::new(format!("{name}/{file}"), text));
        } else if kind == DATA_LAYER {
            let (file, text) = text(&client, reference, layer).await?;
            let data = data(&file, text).map_err(|cause| RegistryError::File { file, cause })?;
            merge(&mut artifact, data)?;
        } else if kind == BUNDLE_LAYER {
            let bundle = bundle::read(&name, bytes(&client, reference, layer).await?.as_slice())?;
            artifact.files.extend(bundle.files);
            artifact.is_signed |= bundle.is_signed;
            merge(&mut artifact, bundle.data)?;
        } else {
            foreign.push(format!("`{kind}`"));
        }
    }
    if artifact.files.is_empty() && artifact.data.is_empty() {
        foreign.dedup();
        let held = if foreign.is_empty() { "nothing".to_owned() } else { foreign.join(", ") };
        return Err(RegistryError::Foreign(held));
    }
    artifact.files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(artifact)
}

fn merge(artifact: &mut Bundle, data: Map<String, Value>) -> Result<(), RegistryError> {
    bundle::merge_data(&mut artifact.data, data)
        .map_err(|key| BundleError::Twice(format!("data.{key}")).into())
}

/// Name and text of a layer that is one file.
async fn text(
    client: &Client,
    reference: &Reference,
    layer: &OciDescriptor,
) -> Result<(String, String), RegistryError> {
    let title = layer.annotations.as_ref().and_then(|annotations| annotations.get(TITLE));
    let file = bundle::inside(title.ok_or(RegistryError::Untitled)?)?;
    let bytes = bytes(client, reference, layer).await?;
    let text = read::text(bytes).map_err(|cause| RegistryError::File { file: file.clone(), cause })?;
    Ok((file, text))
}

/// Bytes of a layer, as long as the manifest says at most; the client compares their digest.
async fn bytes(
    client: &Client,
    reference: &Reference,
    layer: &OciDescriptor,
) -> Result<Vec<u8>, RegistryError> {
    let size = usize::try_from(layer.size).unwrap_or(0);
    let mut bounded = Bounded { bytes: Vec::new(), size };
    client.pull_blob(reference, layer, &mut bounded).await.map_err(|error| failed(&error))?;
    Ok(bounded.bytes)
}

/// Data of `conftest push`: files as they were on disk, whatever the media type says.
fn data(file: &str, text: String) -> Result<Map<String, Value>, String> {
    let is_json = file.to_ascii_lowercase().ends_with(".json");
    match input::parse_data(&text.into(), is_json)? {
        Value::Object(fields) => Ok(fields),
        _ => Err("it is no object".to_owned()),
    }
}

/// What Docker and ORAS know of the registry; nobody has to be logged in.
fn credentials(registry: &str) -> Result<RegistryAuth, RegistryError> {
    use CredentialRetrievalError as Cause;
    match docker_credential::get_credential(registry) {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(RegistryAuth::Basic(user, password)),
        Ok(DockerCredential::IdentityToken(token)) => Ok(RegistryAuth::Bearer(token)),
        // A missing file is told as one that cannot be read; the registry says whether it asks for credentials.
        Err(Cause::NoCredentialConfigured | Cause::ConfigNotFound | Cause::ConfigReadError) => {
            Ok(RegistryAuth::Anonymous)
        }
        // What a helper printed may hold a credential.
        Err(
            Cause::HelperFailure { .. } | Cause::HelperCommunicationError | Cause::MalformedHelperResponse,
        ) => Err(RegistryError::Credentials("the credential helper of Docker's configuration failed")),
        Err(Cause::CredentialDecodingError | Cause::CredentialMismatchError) => {
            Err(RegistryError::Credentials("what Docker's `config.json` holds for it is no credential"))
        }
    }
}

/// Whether the registry runs on this machine, where none has TLS.
fn is_here(registry: &str) -> bool {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    ["localhost", "127.0.0.1", "[::1]"].contains(&host)
}

/// What happened, without the addresses that a registry redirects to: they may be signed.
fn failed(error: &OciDistributionError) -> RegistryError {
    use OciDistributionError as E;
    RegistryError::Pull(match error {
        E::ImageManifestNotFoundError(_) => "there is no such artifact; look at its name and tag".to_owned(),
        E::UnauthorizedError { .. } | E::AuthenticationFailure(_) => {
            "the registry asks for other credentials; log in, for example with `oras login`".to_owned()
        }
        E::RegistryError { envelope, .. } => {
            let codes: Vec<String> =
                envelope.errors.iter().map(|error| format!("{:?}", error.code)).collect();
            format!("the registry refuses ({})", codes.join(", "))
        }
        E::ServerError { code, .. } => format!("the registry answers with status {code}; try again later"),
        E::RequestError(cause) if cause.is_connect() => {
            "the registry cannot be reached; look at its name and the network between".to_owned()
        }
        E::RequestError(_) => "the connection to the registry broke; try again".to_owned(),
        E::DigestError(_) => "what came is not what its digest says; do not trust this registry".to_owned(),
        E::IoError(cause) => cause.to_string(),
        _ => "the registry's answer is not that of the OCI distribution specification".to_owned(),
    })
}

/// Takes as many bytes as were announced.
struct Bounded {
    bytes: Vec<u8>,
    size: usize,
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.len() > self.size - self.bytes.len() {
            return Poll::Ready(Err(io::Error::other("a layer is larger than its manifest says")));
        }
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
