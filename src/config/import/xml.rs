//! XML, piece by piece: no tree is built, no document type is taken, no entity is expanded but
//! the five that XML itself has and numbers of characters.

use super::{Hosts, Lines, Wrong, mremoteng, quoted, rdcman};
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting of elements.
pub(super) const MAX_DEPTH: usize = 64;

/// Longest text that is taken, in bytes.
pub(super) const MAX_TEXT: usize = 4096;

/// One piece of a document.
pub(super) enum Piece<'x> {
    /// An element begins.
    Open(Element<'x>),
    /// Text inside one; may come in several pieces.
    Text(String),
    /// The innermost element ends.
    Close,
}

/// An element's name and attributes.
pub(super) struct Element<'x> {
    start: BytesStart<'x>,
    /// Line and column, from 1.
    pub(super) at: (usize, usize),
}

impl Element<'_> {
    /// The name without its namespace.
    pub(super) fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// Hands each attribute that is `wanted` to `take`; the others are not decoded.
    pub(super) fn attributes(
        &self,
        wanted: impl Fn(&str) -> bool,
        mut take: impl FnMut(&str, String),
    ) -> Result<(), Wrong> {
        // Names are not compared with each other: that takes a square of time.
        for attribute in self.start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| Wrong::new(self.at, broken(&error)))?;
            let name = attribute.key.local_name().into_inner();
            if wanted(name) {
                let value = attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .map_err(|error| Wrong::new(self.at, broken(&error)))?;
                if value.len() > MAX_TEXT {
                    return Err(Wrong::new(self.at, long(name)));
                }
                take(name, value.into_owned());
            }
        }
        Ok(())
    }
}

/// The sentence for a text that is longer than any name.
fn long(name: &str) -> String {
    format!("{} is longer than {MAX_TEXT} bytes", quoted(name))
}

fn broken(error: &impl ToString) -> String {
    format!("the XML is broken: {}", crate::domain::text::excerpt(&error.to_string(), 160))
}

/// A document that is read from its start.
pub(super) struct Document<'x> {
    reader: Reader<&'x [u8]>,
    lines: Lines<'x>,
    open: usize,
}

impl<'x> Document<'x> {
    pub(super) fn new(text: &'x str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, lines: Lines::of(text), open: 0 }
    }

    fn here(&self, at: u64) -> (usize, usize) {
        self.lines.place(usize::try_from(at).unwrap_or(usize::MAX))
    }

    /// The next piece; `None` at the end of a whole document.
    pub(super) fn next(&mut self) -> Result<Option<Piece<'x>>, Wrong> {
        loop {
            let at = self.reader.buffer_position();
            let event = self.reader.read_event();
            let wrong = |message: String| Wrong::new(self.here(at), message);
            let event = event.map_err(|error| {
                Wrong::new(self.here(self.reader.error_position()), broken(&error))
            })?;
            return Ok(Some(match event {
                Event::Start(start) | Event::Empty(start) => {
                    if self.open == MAX_DEPTH {
                        let message = format!("elements are nested deeper than {MAX_DEPTH}");
                        return Err(wrong(message));
                    }
                    self.open += 1;
                    Piece::Open(Element { at: self.here(at), start })
                }
                Event::End(_) => {
                    self.open = self.open.saturating_sub(1);
                    Piece::Close
                }
                Event::Text(text) => Piece::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Piece::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => {
                    let known = quick_xml::escape::resolve_predefined_entity(&reference);
                    match (known, reference.resolve_char_ref()) {
                        (Some(text), _) => Piece::Text(text.to_owned()),
                        (None, Ok(Some(character))) => Piece::Text(character.into()),
                        _ => {
                            let name = quoted(&reference);
                            return Err(wrong(format!("{name} is an entity that is not known")));
                        }
                    }
                }
                Event::DocType(_) => {
                    let message = "it has a document type, which connection files have not";
                    return Err(wrong(message.to_owned()));
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
                Event::Eof if self.open > 0 => {
                    let open = self.open;
                    let s = if open == 1 { "" } else { "s" };
                    let message =
                        format!("the XML is broken: it ends inside of {open} open element{s}");
                    return Err(wrong(message));
                }
                Event::Eof => return Ok(None),
            }));
        }
    }
}

/// Reads a connection file of `RDCMan` or `mRemoteNG`.
pub(super) fn read(text: &str) -> Result<Hosts, Wrong> {
    let mut document = Document::new(text);
    while let Some(piece) = document.next()? {
        let root = match piece {
            Piece::Open(root) => root,
            Piece::Text(text) if text.trim().is_empty() => continue,
            Piece::Text(_) | Piece::Close => break,
        };
        return match root.name() {
            "RDCMan" => rdcman::read(document),
            "Connections" => mremoteng::read(&root, document),
            other => {
                let message = format!(
                    "<{}> is no connection file, expected <RDCMan> or <Connections> (mRemoteNG)",
                    crate::domain::text::excerpt(other, 60)
                );
                Err(Wrong::new(root.at, message))
            }
        };
    }
    Err(Wrong::new((1, 1), "the XML is broken: it has no element"))
}
