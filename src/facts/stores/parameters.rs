//! Parameters of servers that are resources of their own: whether a server refuses plaintext (Azure Database for
//! PostgreSQL and for MySQL, "Networking with TLS": `require_secure_transport` is on unless it is turned off).

use crate::facts::buckets::planned::{Decided, Planned};

/// Types of servers, the type of their parameters, and the attribute of these that names the server.
const PARAMETERS: &[(&str, &str, &str)] = &[
    ("azurerm_postgresql_flexible_server", "azurerm_postgresql_flexible_server_configuration", "server_id"),
    ("azurerm_mysql_flexible_server", "azurerm_mysql_flexible_server_configuration", "server_name"),
];

const REQUIRED: &str = "require_secure_transport";

/// What decides it, with the name of the parameter; `None` where no parameter of the server's type does.
pub(super) fn secure_transport(server: &Planned<'_>) -> Option<(&'static str, Decided)> {
    let (_, kind, attribute) = PARAMETERS.iter().find(|(name, ..)| *name == &*server.resource.kind)?;
    let parameters = server.plan.managed(kind);
    let mut parameters = parameters
        .filter_map(|(position, _)| Planned::new(server.plan_index, server.plan, position))
        .filter(|parameter| parameter.text("name").is_some_and(|name| name.eq_ignore_ascii_case(REQUIRED)));
    let decides = parameters.find(|parameter| is_of(parameter, attribute, server));
    let decided = match decides {
        Some(parameter) => parameter.decide("value", true, |value| {
            value.as_str().unwrap_or_else(|| value.raw()).eq_ignore_ascii_case("on")
        }),
        // One that is there may have been given parameters elsewhere.
        None if !server.resource.is_created() => return None,
        None => Decided::default(true, server.origin("")),
    };
    Some((REQUIRED, decided))
}

/// Whether a parameter is the server's: by reference, else by its name.
fn is_of(parameter: &Planned<'_>, attribute: &str, server: &Planned<'_>) -> bool {
    let mut referred = parameter.referred(attribute, &server.resource.kind).peekable();
    if referred.peek().is_some() {
        return referred.any(|(_, position)| position == server.position);
    }
    let named = parameter.hidden_text(attribute).and_then(|text| text.rsplit('/').next());
    named.is_some() && named == server.hidden_text("name")
}
