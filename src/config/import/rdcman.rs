//! Remote Desktop Connection Manager's `.rdg` files (schemas 1 and 3: versions 2.2 to 2.93).
//!
//! `RDCMan > file > group* > server`, each with its settings below it: `properties` (in schema 1
//! its children stand in the element itself), `connectionSettings`, `gatewaySettings`, of which
//! each is its own or, with `inherit="FromParent"` or where it is missing, that of what is around.

use super::xml::{Document, Element, MAX_TEXT, Piece};
use super::{Draft, Hosts, Wrong};

/// Most files, groups and servers.
const MAX_PLACES: usize = 16_384;

/// A file, group or server.
#[derive(Debug, Default)]
struct Place {
    at: (usize, usize),
    around: Option<usize>,
    kind: Kind,
    name: String,
    display_name: String,
    connection_type: String,
    port: Option<String>,
    gateway: Option<Gateway>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    File,
    Group,
    Server,
}

#[derive(Debug, Default, Clone)]
struct Gateway {
    enabled: String,
    host: String,
    local_bypass: String,
}

/// What an open element is.
#[derive(Debug, Clone, Copy)]
enum Open {
    /// Of these places.
    Place(usize),
    /// `properties` of a place.
    Properties(usize),
    /// `connectionSettings` of its own.
    Connection(usize),
    /// `gatewaySettings` of its own.
    Gateway(usize),
    /// A text that is read.
    Field(usize, Field),
    /// Anything else.
    Other,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Name,
    DisplayName,
    ConnectionType,
    Port,
    Enabled,
    GatewayHost,
    LocalBypass,
}

/// Reads what is below `RDCMan`.
pub(super) fn read(mut document: Document<'_>) -> Result<Hosts, Wrong> {
    let mut places: Vec<Place> = Vec::new();
    let mut open: Vec<Open> = vec![Open::Other];
    while let Some(piece) = document.next()? {
        match piece {
            Piece::Open(element) => {
                let next = enter(&element, &open, &mut places)?;
                open.push(next);
            }
            Piece::Text(text) => {
                if let Some(Open::Field(place, field)) = open.last()
                    && let Some(place) = places.get_mut(*place)
                {
                    let at = place.at;
                    let field = place.field(*field);
                    field.push_str(&text);
                    if field.len() > MAX_TEXT {
                        return Err(Wrong::new(
                            at,
                            "a setting below this is longer than 4096 bytes",
                        ));
                    }
                }
            }
            Piece::Close => {
                open.pop();
            }
        }
    }
    collect(&places)
}

fn enter(element: &Element<'_>, open: &[Open], places: &mut Vec<Place>) -> Result<Open, Wrong> {
    let name = element.name();
    let around = open.last().copied().unwrap_or(Open::Other);
    let field = |field| match around {
        Open::Place(place) | Open::Properties(place) => Open::Field(place, field),
        _ => Open::Other,
    };
    Ok(match (name, around) {
        ("file", Open::Other) if open.len() == 1 => add(element, None, Kind::File, places)?,
        ("group" | "server", Open::Place(place))
            if places.get(place).is_some_and(|place| place.kind != Kind::Server) =>
        {
            let kind = if name == "group" { Kind::Group } else { Kind::Server };
            add(element, Some(place), kind, places)?
        }
        ("properties", Open::Place(place)) => Open::Properties(place),
        ("name", _) => field(Field::Name),
        ("displayName", _) => field(Field::DisplayName),
        ("connectionType", _) => field(Field::ConnectionType),
        ("connectionSettings", Open::Place(place)) if own(element)? => Open::Connection(place),
        ("gatewaySettings", Open::Place(place)) if own(element)? => {
            if let Some(place) = places.get_mut(place) {
                place.gateway = Some(Gateway::default());
            }
            Open::Gateway(place)
        }
        ("port", Open::Connection(place)) => Open::Field(place, Field::Port),
        ("enabled", Open::Gateway(place)) => Open::Field(place, Field::Enabled),
        ("hostName", Open::Gateway(place)) => Open::Field(place, Field::GatewayHost),
        ("localBypass", Open::Gateway(place)) => Open::Field(place, Field::LocalBypass),
        _ => Open::Other,
    })
}

fn add(
    element: &Element<'_>,
    around: Option<usize>,
    kind: Kind,
    places: &mut Vec<Place>,
) -> Result<Open, Wrong> {
    if places.len() == MAX_PLACES {
        let message = format!("it holds more than {MAX_PLACES} groups and servers");
        return Err(Wrong::new(element.at, message));
    }
    places.push(Place { at: element.at, around, kind, ..Place::default() });
    Ok(Open::Place(places.len() - 1))
}

/// Whether settings are an element's own and not those of what is around it.
fn own(element: &Element<'_>) -> Result<bool, Wrong> {
    let mut own = true;
    element.attributes(
        |name| name == "inherit",
        |_, value| own = !value.eq_ignore_ascii_case("FromParent"),
    )?;
    Ok(own)
}

impl Place {
    fn field(&mut self, field: Field) -> &mut String {
        match field {
            Field::Name => &mut self.name,
            Field::DisplayName => &mut self.display_name,
            Field::ConnectionType => &mut self.connection_type,
            Field::Port => self.port.get_or_insert_default(),
            Field::Enabled => &mut self.gateway.get_or_insert_default().enabled,
            Field::GatewayHost => &mut self.gateway.get_or_insert_default().host,
            Field::LocalBypass => &mut self.gateway.get_or_insert_default().local_bypass,
        }
    }
}

fn collect(places: &[Place]) -> Result<Hosts, Wrong> {
    let mut hosts = Hosts::default();
    let (mut consoles, mut nameless) = (0_usize, 0_usize);
    for server in places.iter().filter(|place| place.kind == Kind::Server) {
        if server.connection_type.trim() == "VirtualMachineConsoleConnect" {
            consoles += 1;
            continue;
        }
        if server.name.trim().is_empty() {
            nameless += 1;
            continue;
        }
        let mut way: Vec<&Place> = vec![server];
        while let Some(around) = way.last().and_then(|place| places.get(place.around?)) {
            way.push(around);
        }
        let gateway = way.iter().find_map(|place| place.gateway.as_ref());
        let gateway = gateway.filter(|gateway| is_true(&gateway.enabled));
        let local = gateway.is_some_and(|gateway| is_true(&gateway.local_bypass));
        let usage = if local { "when-direct-fails" } else { "" };
        let groups = way.iter().rev().filter(|place| place.kind == Kind::Group);
        hosts.take(Draft {
            at: server.at,
            name: server.display_name.clone(),
            host: server.name.clone(),
            port: way.iter().find_map(|place| place.port.clone()).unwrap_or_default(),
            group: groups.map(|place| place.name.clone()).collect(),
            gateway: gateway.map(|gateway| gateway.host.clone()).unwrap_or_default(),
            gateway_usage: usage.to_owned(),
            ..Draft::default()
        })?;
    }
    for (count, words) in
        [(consoles, "consoles of virtual machines"), (nameless, "servers without a name")]
    {
        if count > 0 {
            hosts.notes.push(format!("{words} left out: {count}"));
        }
    }
    Ok(hosts)
}

fn is_true(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("true")
}
