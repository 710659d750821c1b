//! What `wevtutil qe Microsoft-Windows-TerminalServices-RDPClient/Operational /f:xml` prints: one
//! `<Event>` behind the other, without an element around them (schema: MS-EVEN6 2.2.14, measured on
//! Windows 11).

use crate::domain::client_log::{ClientEvent, ClientNews};
use crate::domain::time::WallTime;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Events that are read.
pub const MOST: usize = 256;
/// What is longer is not read (bytes).
pub const LONGEST: usize = 1 << 20;
/// Longest name of a host (characters).
pub const MAX_SERVER: usize = 255;
/// Longest text of an element, and longest attribute, that is looked at (bytes).
const MAX_TEXT: usize = 1_024;
/// Elements within each other.
const MAX_DEPTH: usize = 8;
/// Who writes these events.
const PROVIDER: &str = "Microsoft-Windows-TerminalServices-ClientActiveXCore";

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoded {
    /// The events that say something of a connection, as they stand.
    pub events: Vec<ClientEvent>,
    /// It was XML to its end.
    pub whole: bool,
}

/// Reads the events; one that says nothing of a connection is left out.
#[must_use]
pub fn decode(bytes: &[u8]) -> Decoded {
    let text = text_of(bytes.get(..bytes.len().min(LONGEST)).unwrap_or_default());
    let mut reader = Reader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    let mut page = Page::default();
    let whole = page.fill(&mut reader) && bytes.len() <= LONGEST;
    Decoded { events: page.events, whole }
}

/// The text: UTF-16 where it says or looks so, else UTF-8.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let wide =
        bytes.strip_prefix(b"\xff\xfe").or_else(|| bytes.starts_with(b"<\0").then_some(bytes));
    match wide {
        Some(wide) => {
            let units: Vec<u16> =
                wide.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
            Cow::Owned(String::from_utf16_lossy(&units))
        }
        None => String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)),
    }
}

/// The events so far, and the one that is being read.
#[derive(Default)]
struct Page {
    events: Vec<ClientEvent>,
    open: Vec<Element>,
    text: String,
    draft: Draft,
}

/// What is known of an event.
#[derive(Default)]
struct Draft {
    ours: bool,
    id: Option<u32>,
    record: Option<u64>,
    at: Option<WallTime>,
    process: Option<u32>,
    activity: Option<u128>,
    value: Option<String>,
}

/// Elements that count; each only in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Event,
    System,
    EventData,
    Id,
    Record,
    Value,
    Other,
}

impl Page {
    /// Reads to the end, or to as many events as are bounded. Whether it was XML.
    fn fill(&mut self, reader: &mut Reader<&[u8]>) -> bool {
        while self.events.len() < MOST {
            match reader.read_event() {
                Ok(Event::Start(start) | Event::Empty(start)) => {
                    if self.open.len() == MAX_DEPTH {
                        return false;
                    }
                    self.begin(&start);
                }
                Ok(Event::End(_)) => self.end(),
                Ok(Event::Text(text)) => self.add(&text.xml10_content()),
                Ok(Event::CData(text)) => self.add(&text.xml10_content()),
                Ok(Event::GeneralRef(name)) => match resolve_predefined_entity(&name) {
                    Some(text) => self.add(text),
                    None => match name.resolve_char_ref() {
                        Ok(Some(character)) => self.add(character.encode_utf8(&mut [0; 4])),
                        _ => return false,
                    },
                },
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
                Ok(Event::DocType(_)) | Err(_) => return false,
                Ok(Event::Eof) => return self.open.is_empty(),
            }
        }
        true
    }

    fn add(&mut self, text: &str) {
        let counts =
            matches!(self.open.last(), Some(Element::Id | Element::Record | Element::Value));
        // One byte too many tells that it was too long.
        if counts && self.text.len() <= MAX_TEXT {
            self.text.push_str(text.get(..text.floor_char_boundary(MAX_TEXT + 1)).unwrap_or(text));
        }
    }

    fn begin(&mut self, start: &BytesStart<'_>) {
        let name = start.local_name();
        let element = match (self.open.as_slice(), name.into_inner()) {
            ([], "Event") => {
                self.draft = Draft::default();
                Element::Event
            }
            ([Element::Event], "System") => Element::System,
            ([Element::Event], "EventData") => Element::EventData,
            ([_, Element::System], "EventID") => Element::Id,
            ([_, Element::System], "EventRecordID") => Element::Record,
            ([_, Element::EventData], "Data")
                if attribute(start, "Name").as_deref() == Some("Value") =>
            {
                Element::Value
            }
            ([_, Element::System], name) => {
                self.draft.note(name, start);
                Element::Other
            }
            _ => Element::Other,
        };
        self.text.clear();
        self.open.push(element);
    }

    fn end(&mut self) {
        let element = self.open.pop();
        let text = self.text.trim();
        let text = if text.len() > MAX_TEXT { "" } else { text };
        match element {
            Some(Element::Id) => self.draft.id = text.parse().ok(),
            Some(Element::Record) => self.draft.record = text.parse().ok(),
            Some(Element::Value) => self.draft.value = Some(text.to_owned()),
            Some(Element::Event) => self.events.extend(std::mem::take(&mut self.draft).event()),
            _ => {}
        }
        self.text.clear();
    }
}

impl Draft {
    /// An element whose attributes say something.
    fn note(&mut self, name: &str, start: &BytesStart<'_>) {
        let of = |key| attribute(start, key);
        match name {
            "Provider" => self.ours = of("Name").as_deref() == Some(PROVIDER),
            "TimeCreated" => self.at = of("SystemTime").and_then(|at| WallTime::from_rfc3339(&at)),
            "Execution" => self.process = of("ProcessID").and_then(|id| id.parse().ok()),
            "Correlation" => self.activity = of("ActivityID").and_then(|id| guid(&id)),
            _ => {}
        }
    }

    fn event(self) -> Option<ClientEvent> {
        let news = match (self.ours, self.id?) {
            (true, 1024) => ClientNews::Connecting(self.value.filter(|name| is_server(name))?),
            (true, 1025) => ClientNews::Connected,
            (true, 1026) => ClientNews::Ended(self.value.and_then(|reason| reason.parse().ok())?),
            _ => return None,
        };
        let (record, at, process) = (self.record?, self.at?, self.process?);
        Some(ClientEvent { record, at, process, activity: self.activity, news })
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    // Names are not compared with each other: that takes a square of time.
    let mut attributes = start.attributes();
    let mut sound = attributes.with_checks(false).filter_map(Result::ok);
    let attribute = sound.find(|one| one.key.local_name().into_inner() == name)?;
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
    (value.len() <= MAX_TEXT).then(|| value.into_owned())
}

/// `{ca46d06d-896c-4336-bd77-36a105f90000}`.
fn guid(text: &str) -> Option<u128> {
    let digits: String = text
        .strip_prefix('{')?
        .strip_suffix('}')?
        .chars()
        .filter(|letter| *letter != '-')
        .collect();
    let whole = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let id = whole.then(|| u128::from_str_radix(&digits, 16).ok())?;
    // Nothing is named by zeros.
    id.filter(|id| *id != 0)
}

/// Whether it may name a host.
fn is_server(name: &str) -> bool {
    let strange = |letter: char| letter.is_whitespace() || letter.is_control();
    !name.is_empty() && name.chars().count() <= MAX_SERVER && !name.contains(strange)
}

/// The text that says this: what [`decode`] reads, for tests.
#[must_use]
pub fn encode(events: &[ClientEvent]) -> Vec<u8> {
    let mut page = String::new();
    for event in events {
        let (id, name, value) = match &event.news {
            ClientNews::Connecting(server) => (1024, "Server Name", Some(escaped(server))),
            ClientNews::Connected => (1025, "", None),
            ClientNews::Ended(reason) => (1026, "Disconnect Reason", Some(reason.to_string())),
        };
        let activity = event.activity.map_or_else(String::new, |activity| {
            let digits = format!("{activity:032x}");
            let part = |range| digits.get(range).unwrap_or_default();
            let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(part);
            format!("<Correlation ActivityID='{{{}}}'/>", parts.join("-"))
        });
        let data = value.map_or_else(String::new, |value| {
            format!(
                "<Data Name='Name'>{name}</Data><Data Name='Value'>{value}</Data>\
                 <Data Name='CustomLevel'>Info</Data>"
            )
        });
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
             <Provider Name='{PROVIDER}' Guid='{{28aa95bb-d444-4719-a36f-40462168127e}}'/>\
             <EventID>{id}</EventID><Version>0</Version><Level>4</Level><Task>101</Task>\
             <Opcode>10</Opcode><Keywords>0x4000000000000000</Keywords>\
             <TimeCreated SystemTime='{at}'/><EventRecordID>{record}</EventRecordID>{activity}\
             <Execution ProcessID='{process}' ThreadID='3456'/>\
             <Channel>Microsoft-Windows-TerminalServices-RDPClient/Operational</Channel>\
             <Computer>PC-7</Computer><Security UserID='S-1-5-21-1'/></System>\
             <EventData>{data}</EventData></Event>\r",
            at = event.at.to_rfc3339(),
            record = event.record,
            process = event.process,
        );
    }
    page.into_bytes()
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut text, letter| {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            _ => text.push(letter),
        }
        text
    })
}

#[cfg(test)]
mod tests;
