//! `mRemoteNG`'s `confCons.xml` (`ConfVersion` 2.5 to 2.8): `Connections > Node*`, a node being a
//! container or a connection, with `InheritX="true"` where `X` is the container's.

use super::xml::{Document, Element, Piece};
use super::{Draft, Hosts, Wrong};

/// The attributes of a node that a target has use for.
const WANTED: &[&str] = &[
    "Name",
    "Type",
    "Hostname",
    "Protocol",
    "Port",
    "MacAddress",
    "RDGatewayUsageMethod",
    "RDGatewayHostname",
    "InheritProtocol",
    "InheritPort",
    "InheritMacAddress",
    "InheritRDGatewayUsageMethod",
    "InheritRDGatewayHostname",
];

/// A node, with what it inherits filled in.
#[derive(Debug, Default, Clone)]
struct Node {
    name: String,
    container: bool,
    host: String,
    protocol: String,
    port: String,
    mac: String,
    usage: String,
    gateway: String,
}

/// Reads what is below the root.
pub(super) fn read(root: &Element<'_>, mut document: Document<'_>) -> Result<Hosts, Wrong> {
    let mut encrypted = false;
    root.attributes(
        |name| name == "FullFileEncryption",
        |_, value| encrypted = value.eq_ignore_ascii_case("true"),
    )?;
    if encrypted {
        return Err(Wrong::new(
            root.at,
            "the whole file is encrypted, expected one saved in mRemoteNG without full file \
             encryption (its passwords may stay encrypted)",
        ));
    }
    let mut hosts = Hosts::default();
    let mut open = vec![Node { container: true, ..Node::default() }];
    let (mut others, mut nameless) = (0_usize, 0_usize);
    while let Some(piece) = document.next()? {
        match piece {
            Piece::Open(element) => {
                let node = if element.name() == "Node" {
                    let around = open.last().cloned().unwrap_or_default();
                    let node = node(&element, &around)?;
                    if node.container {
                    } else if !node.protocol.is_empty()
                        && !node.protocol.eq_ignore_ascii_case("RDP")
                    {
                        others += 1;
                    } else if node.host.trim().is_empty() {
                        nameless += 1;
                    } else {
                        let folders = open.iter().map(|node| node.name.clone()).collect();
                        hosts.take(draft(element.at, &node, folders))?;
                    }
                    node
                } else {
                    Node::default()
                };
                open.push(node);
            }
            Piece::Close => {
                open.pop();
            }
            Piece::Text(_) => {}
        }
    }
    for (count, words) in
        [(others, "connections of other protocols"), (nameless, "connections without a host")]
    {
        if count > 0 {
            hosts.notes.push(format!("{words} left out: {count}"));
        }
    }
    Ok(hosts)
}

fn node(element: &Element<'_>, around: &Node) -> Result<Node, Wrong> {
    let mut node = Node::default();
    let mut inherits = Vec::new();
    element.attributes(
        |name| WANTED.contains(&name),
        |name, value| match name {
            "Name" => node.name = value,
            "Type" => node.container = value == "Container",
            "Hostname" => node.host = value,
            "Protocol" => node.protocol = value,
            "Port" => node.port = value,
            "MacAddress" => node.mac = value,
            "RDGatewayUsageMethod" => node.usage = value,
            "RDGatewayHostname" => node.gateway = value,
            _ if value.eq_ignore_ascii_case("true") => inherits.push(name.to_owned()),
            _ => {}
        },
    )?;
    for name in inherits {
        match name.as_str() {
            "InheritProtocol" => node.protocol.clone_from(&around.protocol),
            "InheritPort" => node.port.clone_from(&around.port),
            "InheritMacAddress" => node.mac.clone_from(&around.mac),
            "InheritRDGatewayUsageMethod" => node.usage.clone_from(&around.usage),
            "InheritRDGatewayHostname" => node.gateway.clone_from(&around.gateway),
            _ => {}
        }
    }
    Ok(node)
}

fn draft(at: (usize, usize), node: &Node, group: Vec<String>) -> Draft {
    let usage = match node.usage.trim().to_ascii_lowercase().as_str() {
        "always" | "1" => Some("always"),
        "detect" | "2" => Some("when-direct-fails"),
        _ => None,
    };
    Draft {
        at,
        name: node.name.clone(),
        host: node.host.clone(),
        port: node.port.clone(),
        mac: node.mac.clone(),
        group,
        gateway: usage.map(|_| node.gateway.clone()).unwrap_or_default(),
        gateway_usage: usage.unwrap_or_default().to_owned(),
        ..Draft::default()
    }
}
