//! Programs that take a credential in a way of their own: behind a short flag, beside a user, at a position.
//!
//! Long flags that say what they are, such as `--password`, need no line here.

use super::unquoted;

/// How a program takes a credential.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// Behind a flag, in the same word: `-pVALUE`.
    Joined(&'static str),
    /// The next word: `-a VALUE`.
    Apart(&'static str),
    /// In either of these ways.
    Either(&'static str),
    /// Behind the user, in the same word or the next: `-u USER:VALUE`.
    Beside(&'static str),
    /// Behind `pass:`, as OpenSSL has it.
    Prefixed(&'static str),
    /// The word at this position behind the command, flags not counted.
    At(usize),
    /// The name of a setting stands behind the command, and its value behind that.
    Setting,
}

/// Programs, the last word of the command that they need, and how they take credentials.
type Row = (&'static [&'static str], Option<&'static str>, &'static [Way]);

const CLIENTS: &[Row] = &[
    // MySQL reference manual, "Using Options on the Command Line": `-p VALUE` asks, and VALUE is a database.
    (
        &[
            "mysql",
            "mysqladmin",
            "mysqlcheck",
            "mysqldump",
            "mysqlimport",
            "mysqlpump",
            "mysqlshow",
            "mysqlslap",
            "mariadb",
            "mariadb-admin",
            "mariadb-check",
            "mariadb-dump",
            "mariadb-import",
            "mariadb-show",
        ],
        None,
        &[Way::Joined("-p")],
    ),
    (&["redis-cli", "valkey-cli"], None, &[Way::Apart("-a")]),
    (
        &["mongo", "mongosh", "mongodump", "mongoexport", "mongoimport", "mongorestore"],
        None,
        &[Way::Either("-p")],
    ),
    (&["sqlcmd", "bcp"], None, &[Way::Either("-P")]),
    (&["sshpass"], None, &[Way::Either("-p")]),
    (&["ldapadd", "ldapdelete", "ldapmodify", "ldapsearch", "ldapwhoami"], None, &[Way::Apart("-w")]),
    (
        &["curl"],
        None,
        &[Way::Beside("-u"), Way::Beside("--user"), Way::Beside("-U"), Way::Beside("--proxy-user")],
    ),
    (&["skopeo"], Some("login"), &[Way::Apart("-p")]),
    (
        &["skopeo", "buildah", "podman"],
        None,
        &[Way::Beside("--creds"), Way::Beside("--src-creds"), Way::Beside("--dest-creds")],
    ),
    (
        &["az", "buildah", "cf", "crane", "docker", "helm", "nerdctl", "oc", "oras", "podman"],
        Some("login"),
        &[Way::Apart("-p")],
    ),
    (&["openssl"], None, &[Way::Prefixed("-pass"), Way::Prefixed("-passin"), Way::Prefixed("-passout")]),
    (&["rabbitmqctl"], Some("add_user"), &[Way::At(1)]),
    (&["rabbitmqctl"], Some("change_password"), &[Way::At(1)]),
    (&["vault"], Some("login"), &[Way::At(0)]),
    (&["mc"], Some("set"), &[Way::At(3)]),
    (&["mc"], Some("add"), &[Way::At(3)]),
    // aws configure set NAME VALUE, npm config set NAME VALUE.
    (&["aws", "npm", "pnpm", "yarn", "pip"], Some("set"), &[Way::Setting]),
];

/// What stands for the name of a credential that has none.
const NAME: &str = "--password";

/// A program and what was read of its words.
#[derive(Default)]
pub(super) struct Client<'t> {
    program: Option<&'t str>,
    /// The last word of the command, and how many words stand behind it.
    command: Option<(&'t str, usize)>,
    /// The name that stands in front of its value.
    setting: Option<&'t str>,
}

impl<'t> Client<'t> {
    /// Takes the next word: name and value of a credential, and whether the value is the word behind it.
    pub(super) fn take(&mut self, word: &'t str, next: Option<&'t str>) -> Option<(&'t str, &'t str, bool)> {
        let bare = word.trim_start_matches(['$', '(', '`', '"', '{']);
        let program = bare.rsplit('/').next().unwrap_or(bare);
        if CLIENTS.iter().any(|(programs, ..)| programs.contains(&program)) {
            *self = Self { program: Some(program), command: None, setting: None };
            return None;
        }
        let program = self.program?;
        let rows = CLIENTS.iter().filter(|(programs, ..)| programs.contains(&program));
        if word.starts_with('-') {
            let command = self.command.map(|(command, _)| command);
            let mut ways = rows.filter(|row| row.1.is_none() || row.1 == command).flat_map(|row| row.2);
            return ways.find_map(|way| way.flag(word, next.filter(|next| !next.starts_with('-'))));
        }
        if let Some(name) = self.setting.take() {
            return Some((name, word, false));
        }
        for row in rows {
            match (row.1, self.command) {
                (Some(needed), Some((command, behind))) if needed == command => {
                    self.command = Some((command, behind + 1));
                    for way in row.2 {
                        match way {
                            Way::At(position) if *position == behind && !word.contains('=') => {
                                return Some((NAME, word, false));
                            }
                            Way::Setting if behind == 0 => self.setting = Some(word),
                            _ => {}
                        }
                    }
                    return None;
                }
                (Some(needed), None) if needed == word => {
                    self.command = Some((needed, 0));
                    return None;
                }
                _ => {}
            }
        }
        None
    }
}

impl Way {
    fn flag<'t>(self, word: &'t str, next: Option<&'t str>) -> Option<(&'t str, &'t str, bool)> {
        let joined = |flag: &str| word.strip_prefix(flag).filter(|rest| !rest.is_empty()).map(unquoted);
        let apart = |flag: &str| next.filter(|_| word == flag);
        match self {
            Self::Joined(flag) => Some((NAME, joined(flag)?, false)),
            Self::Apart(flag) => Some((NAME, apart(flag)?, true)),
            Self::Either(flag) => match apart(flag) {
                Some(next) => Some((NAME, next, true)),
                None => Some((NAME, joined(flag)?, false)),
            },
            Self::Beside(flag) => {
                let is_short = flag.len() == 2;
                // Short flags without a value may stand in front: `-fsSu`.
                let is_last = is_short
                    && !word.starts_with("--")
                    && flag.chars().last().is_some_and(|last| word.ends_with(last))
                    && word
                        .get(1..)
                        .is_some_and(|flags| flags.bytes().all(|flag| b"fgiksvLSuU".contains(&flag)));
                if word == flag || is_last {
                    return Some((NAME, behind_user(next?)?, true));
                }
                let rest = joined(flag)?;
                let rest = if is_short { rest } else { rest.strip_prefix('=')? };
                Some((NAME, behind_user(rest)?, false))
            }
            Self::Prefixed(flag) => Some((NAME, apart(flag)?.strip_prefix("pass:")?, true)),
            Self::At(_) | Self::Setting => None,
        }
    }
}

/// What stands behind the first colon that is not part of a variable: `${USER:-me}:VALUE`.
fn behind_user(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let colon = text.char_indices().find(|(_, character)| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *character == ':' && depth == 0
    });
    let value = text.get(colon?.0 + 1..)?;
    (!value.is_empty() && !value.starts_with("//")).then_some(value)
}
