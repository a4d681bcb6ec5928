//! The kubeconfig: which one is used, and where it is taken otherwise than `kube` does, as `kubectl` does.
//!
//! No message holds anything of a kubeconfig but names.

use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::{Error, Target, proxy::is_direct};

/// The one that is named, that of the environment or of the home folder, else the cluster that this runs in.
pub(super) async fn configuration(target: &Target) -> Result<Config, Error> {
    let is_named = target.kubeconfig.is_some() || !target.kubeconfigs.is_empty() || target.context.is_some();
    let config = match kubeconfig(target) {
        Ok(kubeconfig) => of_kubeconfig(kubeconfig, target).await,
        Err(error) => Err(error),
    };
    let mut config = match config {
        Ok(config) => config,
        Err(error) if is_named => return Err(Error::Configuration(unusable(&error, target))),
        Err(error) => {
            let within = Config::incluster();
            let mut within = within.map_err(|_| Error::Configuration(unusable(&error, target)))?;
            reach_directly(&mut within, target);
            return Ok(within);
        }
    };
    if let Some(path) = config.auth_info.token_file.clone().filter(|_| config.auth_info.token.is_none()) {
        config.auth_info.token = token(&path)?.map(Into::into);
    }
    Ok(config)
}

fn kubeconfig(target: &Target) -> Result<Kubeconfig, KubeconfigError> {
    if let Some(path) = &target.kubeconfig {
        return Kubeconfig::read_from(path);
    }
    let Some((first, others)) = target.kubeconfigs.split_first() else { return Kubeconfig::read() };
    let mut merged = Kubeconfig::read_from(first)?;
    for path in others {
        merged = merged.merge(Kubeconfig::read_from(path)?)?;
    }
    Ok(merged)
}

async fn of_kubeconfig(kubeconfig: Kubeconfig, target: &Target) -> Result<Config, KubeconfigError> {
    let options = KubeConfigOptions { context: target.context.clone(), ..KubeConfigOptions::default() };
    let own = own_proxy(&kubeconfig, target.context.as_deref()).and_then(|proxy| proxy.parse().ok());
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    if own.is_some() {
        config.proxy_url = own;
    } else {
        reach_directly(&mut config, target);
    }
    Ok(config)
}

/// The proxy that the cluster's entry names: the way to it, whatever the environment says (client-go, `rest.Config.Proxy`).
fn own_proxy(kubeconfig: &Kubeconfig, context: Option<&str>) -> Option<String> {
    let name = context.or(kubeconfig.current_context.as_deref())?;
    let context = kubeconfig.contexts.iter().find(|one| one.name == name)?.context.as_ref()?;
    let cluster = kubeconfig.clusters.iter().find(|one| one.name == context.cluster)?;
    cluster.cluster.as_ref()?.proxy_url.clone().filter(|proxy| !proxy.is_empty())
}

/// Leaves the proxy of the environment out where it is not for this host.
fn reach_directly(config: &mut Config, target: &Target) {
    if config.cluster_url.host().is_some_and(|host| is_direct(host, &target.no_proxy)) {
        config.proxy_url = None;
    }
}

/// The token of a file that cannot be used as it stands, since white space is around it, which is no part of it (client-go,
/// `transport/token_source.go`); `None` where the file can be read again and again, as tokens are renewed.
fn token(path: &str) -> Result<Option<String>, Error> {
    #[expect(clippy::disallowed_methods, reason = "a credential, which is no source: nothing of it is kept")]
    let read = std::fs::read_to_string(path);
    let wrong =
        |what: &str| Error::Configuration(format!("the `tokenFile` of the kubeconfig, `{path}`, {what}"));
    let text = read.map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(wrong("is empty; log in again, or name the right file"));
    }
    Ok((token != text).then(|| token.to_owned()))
}

/// Names only: the parser's own messages quote the file.
fn unusable(error: &KubeconfigError, target: &Target) -> String {
    let file = target.kubeconfig.as_ref().map(|path| format!("`--kubeconfig {}`", path.display()));
    let file = file.unwrap_or_else(|| "the kubeconfig".to_owned());
    match error {
        KubeconfigError::CurrentContextNotSet => {
            format!("{file} has no current context; name one with `--context`")
        }
        KubeconfigError::LoadContext(name) => {
            format!("{file} has no context `{name}`; `kubectl config get-contexts` lists them")
        }
        KubeconfigError::LoadClusterOfContext(name) => {
            format!("{file} has no cluster `{name}`, which its context names; mend the context")
        }
        KubeconfigError::FindPath => {
            "there is no kubeconfig and this runs in no cluster; give `--kubeconfig FILE`".to_owned()
        }
        KubeconfigError::ReadConfig(cause, path) if target.kubeconfig.is_none() => format!(
            "the kubeconfig `{}` cannot be read ({cause}) and this runs in no cluster; give `--kubeconfig FILE`",
            path.display()
        ),
        KubeconfigError::ReadConfig(cause, _) => format!("{file} cannot be read: {cause}"),
        KubeconfigError::Parse(_) => {
            format!("{file} is no YAML of a kubeconfig; `kubectl config view` says where")
        }
        _ => format!(
            "{file} cannot be used: an address, a certificate or a key in it is missing or broken; \
                      `kubectl config view` shows the entries"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KUBECONFIG: &str = r"
current-context: near
clusters:
  - {name: near, cluster: {server: 'http://127.0.0.1:1', proxy-url: 'http://proxy.example.com:3128'}}
  - {name: far, cluster: {server: 'http://10.1.2.3'}}
contexts:
  - {name: near, context: {cluster: near, user: me}}
  - {name: far, context: {cluster: far, user: me}}
users: [{name: me, user: {tokenFile: token}}]
";

    fn of(folder: &tempfile::TempDir, token: &str, context: Option<&str>) -> Result<Config, Error> {
        let path = folder.path().join("kubeconfig");
        std::fs::write(&path, KUBECONFIG).unwrap();
        std::fs::write(folder.path().join("token"), token).unwrap();
        let context = context.map(ToOwned::to_owned);
        let target = Target {
            kubeconfig: Some(path),
            context,
            no_proxy: vec!["10.0.0.0/8".into()],
            ..Target::default()
        };
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(configuration(&target))
    }

    #[test]
    fn the_proxy_of_a_clusters_own_entry_is_used_for_whatever_host() {
        let folder = tempfile::tempdir().unwrap();
        let proxy = |context| of(&folder, "t0ken", context).unwrap().proxy_url.map(|proxy| proxy.to_string());
        assert_eq!(proxy(None).as_deref(), Some("http://proxy.example.com:3128/"));
        assert_eq!(proxy(Some("far")), None);
    }

    #[test]
    fn white_space_around_a_token_in_a_file_is_no_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let config = |token: &str| of(&folder, token, None).map(|config| config.auth_info.token.is_some());
        assert!(config("t0ken\n").unwrap(), "it is taken as it is now");
        assert!(!config("t0ken").unwrap(), "it is read again when it is renewed");
        let said = config(" \n").unwrap_err().to_string();
        assert!(said.contains("is empty") && said.contains("log in again"), "{said}");
        let path = folder.path().join("token");
        std::fs::write(&path, " t0ken\r\n").unwrap();
        assert_eq!(token(path.to_str().unwrap()).unwrap().as_deref(), Some("t0ken"));
    }
}
