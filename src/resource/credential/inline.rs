//! Settings of credentials beside others on a line: inline tables of TOML, objects of HOCON, JSON5 and JavaScript, arguments
//! and constants of programs.
//!
//! In a program a name without quotes may be that of a variable or of a field, and so may be what stands behind it: there a
//! value has to look like a credential. Deliberately absent: what a line begins with, and values of several words.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::{
    literal,
    name::{self, Promise},
    statement::{self, Statement},
};

/// What a name must contain, in any case, to promise a credential: most texts and names are passed over for want of it.
const PROMISING: [&str; 10] = ["pass", "pwd", "pswd", "pw", "secret", "token", "key", "cred", "dsn", "psk"];

static ANY: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder().ascii_case_insensitive(true).build(PROMISING).expect("constant texts")
});

/// What a value may be instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// Of a password nothing else: an entry of a map.
    Little,
    /// The name of a field or of an entry.
    Name,
    /// A variable, or any argument; without quotes also what stands outside of braces.
    Anything,
}

/// Shapes with a name and a value: `NAME`, `QUOTED` and `BARE` stand for those.
static SHAPES: LazyLock<[(Regex, Doubt); 4]> = LazyLock::new(|| {
    [
        // Python, JavaScript: {'password': 'value'}; Logstash, Puppet, Ruby, PHP: password => 'value'
        (expression(r#"(?:["']NAME["']\s*:|["']?NAME["']?\s*=>)\s*QUOTED"#), Doubt::Little),
        // { password = "value" }, connect(password="value"), {password: 'value'}, :password "value",
        // {default_pass, <<"value">>}
        (
            expression(
                r"(?:(?:^|[\s{(\[,;|&$@])NAME\s*(?::=|[:=])|[\s{]:NAME\s|\{\s*NAME\s*,\s*<<)\s*QUOTED",
            ),
            Doubt::Name,
        ),
        // HOCON: { password = value, … }; behind a colon most programs have the name of a variable.
        (expression(r"[{,][ \t]*NAME[ \t]*=[ \t]*BARE"), Doubt::Anything),
        // setProperty("password", "value")
        (expression(r#"\(\s*["']NAME["']\s*,\s*QUOTED"#), Doubt::Anything),
    ]
});

fn expression(shape: &str) -> Regex {
    let name = format!(r"((?:[a-z_][\w.-]*)?(?:{})[\w.-]*)", PROMISING.join("|"));
    let shape = shape
        .replace("NAME", &name)
        .replace("QUOTED", r#"(?:"([^"\n\\]+)"|'([^'\n\\]+)')"#)
        .replace("BARE", r#"([^\s"'`{}\[\](),;$<>|&]+)"#);
    Regex::new(&format!("(?i){shape}")).expect("a constant expression")
}

/// Credentials of a text by the names beside them; whether they are references nobody asks here.
pub(super) fn settings(text: &str) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    if !text.contains(['"', '\'', '{']) || !ANY.is_match(text) {
        return found;
    }
    for (shape, doubt) in SHAPES.iter() {
        for captures in shape.captures_iter(text) {
            // The name is the first group that took part, the value the last.
            let mut groups = captures.iter().skip(1).flatten();
            let (Some(name), Some(value)) = (groups.next(), groups.last()) else { continue };
            let is_kept = name::promise(name.as_str())
                .is_some_and(|promise| is_credential(*doubt, promise, value.as_str()));
            if is_kept && is_whole(text, &value.range()) && !statement::is_commented(text, &value.range()) {
                found.push(Statement { name: name.as_str(), range: value.range() });
            }
        }
    }
    found
}

/// Whether a value ends where it seems to, and without quotes lies within braces on its line; of a long one, such as a
/// program that was made small has, the end counts.
fn is_whole(text: &str, range: &Range<usize>) -> bool {
    let start = text.floor_char_boundary(range.start.saturating_sub(1024));
    let (before, after) =
        (text.get(start..range.start).unwrap_or_default(), text.get(range.end..).unwrap_or_default());
    let line = before.rsplit('\n').next().unwrap_or_default();
    let is_open = line.rfind('{').is_some_and(|open| line.rfind('}').is_none_or(|close| close < open));
    after.starts_with(['"', '\'']) || is_open && after.starts_with([' ', '\t', ',', '}'])
}

fn is_credential(doubt: Doubt, promise: Promise, value: &str) -> bool {
    let is_put_in = value.starts_with(['$', '+'])
        || ["${", "$(", "#{", "{{", "%{", "<%", "`"].iter().any(|part| value.contains(part))
        || doubt != Doubt::Little && value.contains(['"', '\'']);
    // The type of a column, a rule of a validator, a text for people, the name of another field.
    let is_about = value.contains(['(', '[', '|', '?']) || name::promise(value).is_some();
    let is_said = match (doubt, promise) {
        (Doubt::Little, Promise::Password) => !is_about,
        (Doubt::Name, Promise::Password) => {
            let is_icon = value.starts_with("mdi-") || value.starts_with("fa-");
            !literal::names_a_key(&value.to_ascii_lowercase())
                && !value.contains(char::is_whitespace)
                && !is_about
                && !is_icon
        }
        (Doubt::Anything, _) => literal::is_no_name(value) && !is_about,
        (_, Promise::Key) => literal::is_no_name(value),
    };
    is_said && !is_put_in
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        settings(text).into_iter().map(|setting| &text[setting.range]).collect()
    }

    #[test]
    fn credentials_beside_other_settings_are_found() {
        for (text, expected) in [
            ("conn = { host = \"db\", password = \"p4ss\" }", &["p4ss"][..]),
            ("users = [\n  { user = \"a\", password = 'p4ss' },\n]", &["p4ss"]),
            ("db { host = \"db\", password = \"p4ss\" }", &["p4ss"]),
            ("db { default { url = \"x\", password = p4ssword } }", &["p4ssword"]),
            ("{ db: { password: 'p4ss' } }", &["p4ss"]),
            ("module.exports = { user: 'a', password: 'p4ss' };", &["p4ss"]),
            ("conn = psycopg2.connect(host=\"db\", password=\"p4ss\", user=\"a\")", &["p4ss"]),
            ("mysql.Config{User: \"a\", Passwd: \"p4ss\", Net: \"tcp\"}", &["p4ss"]),
            ("local opts = { host = \"db\", password = \"p4ss\" }", &["p4ss"]),
            (
                "Mysql2::Client.new(host: \"db\", password: \"p4ss\", :token => 'p5ss-w0rd')",
                &["p5ss-w0rd", "p4ss"],
            ),
            ("{:db {:host \"x\" :password \"p4ss\"}}", &["p4ss"]),
            ("[{rabbit, [{default_pass, <<\"p4ss\">>}]}].", &["p4ss"]),
            ("$db = array('host' => 'x', 'password' => 'p4ss'); $password = 'p5ss';", &["p4ss", "p5ss"]),
            (
                "props.put(\"password\", \"p4ss\"); props.setProperty('db.password', 'p5ss')",
                &["p4ss", "p5ss"],
            ),
            ("seal \"transit\" { token = \"s.p4ssw0rd9\" address = \"x\" }", &["s.p4ssw0rd9"]),
            ("queue { token = p4ss-w0rd, password = p5ss-w0rd }", &["p4ss-w0rd", "p5ss-w0rd"]),
            ("DATABASES = {'default': {'USER': 'shop', 'PASSWORD': 'p4ss'}}", &["p4ss"]),
            ("output { elasticsearch { user => \"shop\" password => \"p4ss\" } }", &["p4ss"]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn variables_names_and_words_beside_them_are_none() {
        for text in [
            "const { password, token } = req.body; login({ user: user, password: password1 });",
            "const opts = { token: getToken(), password: process.env.DB_PASSWORD };",
            "passport.use({ usernameField: 'email', passwordField: 'password' })",
            "const labels = { password: 'Password', token: 'Token' }",
            "const errors = { password: 'is required', token: 'is unknown' }",
            "if (user.password === 'p4ss') {}",
            "connect(password=os.environ[\"DB_PASSWORD\"], token=token)",
            "db { password = ${DB_PASSWORD}, user = shop, token = env }",
            "db = { password = \"${DB_PASSWORD}\", password_file = \"/run/x\", password = \"\" }",
            "query = \"SELECT 1 WHERE password='\" + password + \"'\"",
            "strings.HasPrefix(token, \"gh1o_\"); flag.String(\"password\", \"\", \"the p4ssword\")",
            "// connect(password=\"p4ss\")\n# connect(password=\"p4ss\")\n",
            "cfg = { token: v1Token + suffix, token: a1Bc.trim() }",
            "a=1,db.password=p4ssword",
            "{ password: md5hash, token: s3Client }; Config{Password: cfg2Redis}; { password: string, secret: utf8String }",
            "{ newPassword: 'Neues-Passwort', forgot_password: 'Forgotten?', rules: { password: 'string|min:8' } }",
            "COLUMNS = {\"password\": \"varchar(255)\"}; rename => { \"password\" => \"user_password\" }",
            "replace => { \"password\" => \"[FILTERED]\" }; { eyePassword: 'mdi-eye' }",
            "kube_secret_info{secret=\"shop-db\"} > 0",
            "{\"secret\": \"shop-db\", \"tokenUrl\": \"https://a\", \"key\": \"value\"}",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
