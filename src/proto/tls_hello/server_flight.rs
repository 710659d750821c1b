//! The server's first flight, as far as its certificate.

use super::{TLS1_2, extension, first_record, handshake, record};
use crate::domain::sample::{CipherSuite, TlsVersion};
use crate::domain::tls_alert::CLOSE_NOTIFY;
use crate::proto::wire::{Malformed, Reader, be24};

/// How much of a server's answer is read, in bytes. A chain of four RSA-4096 certificates has 8.
pub const MAX_FLIGHT: usize = 1 << 16;

/// How many certificates of a chain are kept, the leaf first.
pub const MAX_CHAIN: usize = 16;

/// How far a server's first flight has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlightState {
    /// Nothing is decided yet.
    NeedMore,
    /// The certificate was read. The rest of the flight is not looked at.
    Certificate {
        /// Negotiated version.
        version: TlsVersion,
        /// Negotiated suite.
        cipher: CipherSuite,
        /// DER bytes, the leaf first, at most [`MAX_CHAIN`]; never empty.
        chain: Vec<Vec<u8>>,
    },
    /// A `ServerHello`, and then something other than a certificate in the clear: an anonymous
    /// suite, an empty chain, or TLS 1.3, which encrypts it.
    NoCertificate {
        /// Negotiated version.
        version: TlsVersion,
        /// Negotiated suite.
        cipher: CipherSuite,
    },
    /// A fatal alert or `close_notify`, with its description.
    Alert(u8),
    /// Not a TLS server's first flight.
    Malformed {
        /// Offset of the wrong byte in the stream, or of the record that holds it.
        offset: usize,
        /// What is wrong there, lower case, no full stop.
        reason: &'static str,
    },
}

/// Reads a server's first flight, chunk after chunk. How the stream was cut does not matter.
#[derive(Debug, Clone)]
pub struct ServerFlight {
    state: FlightState,
    /// Bytes of a record that is not all there.
    pending: Vec<u8>,
    /// Bytes of a handshake message that is not all there.
    message: Vec<u8>,
    /// Where `pending` begins in the stream.
    offset: usize,
    received: usize,
    hello: Option<(TlsVersion, CipherSuite)>,
}

impl Default for ServerFlight {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerFlight {
    /// Before the first byte.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: FlightState::NeedMore,
            pending: Vec::new(),
            message: Vec::new(),
            offset: 0,
            received: 0,
            hello: None,
        }
    }

    /// Takes the next bytes of the stream. Once the state is not [`FlightState::NeedMore`], it
    /// stays as it is and further bytes are only counted.
    pub fn push(&mut self, bytes: &[u8]) -> &FlightState {
        let room = MAX_FLIGHT.saturating_sub(self.received);
        self.received = self.received.saturating_add(bytes.len());
        if self.state != FlightState::NeedMore {
            return &self.state;
        }
        self.pending.extend(bytes.iter().take(room));
        if let Err(end) = self.read_records() {
            self.state = end;
        } else if self.received >= MAX_FLIGHT {
            self.state = FlightState::Malformed {
                offset: MAX_FLIGHT,
                reason: "no certificate within 64 KiB",
            };
        }
        if self.state != FlightState::NeedMore {
            self.pending = Vec::new();
            self.message = Vec::new();
        }
        &self.state
    }

    /// What is known so far.
    #[must_use]
    pub const fn state(&self) -> &FlightState {
        &self.state
    }

    /// What is known so far, given away.
    #[must_use]
    pub fn into_state(self) -> FlightState {
        self.state
    }

    /// The negotiated version, once a `ServerHello` was read, whatever came after it.
    #[must_use]
    pub fn version(&self) -> Option<TlsVersion> {
        self.hello.map(|(version, _)| version)
    }

    /// The negotiated suite, once a `ServerHello` was read, whatever came after it.
    #[must_use]
    pub fn cipher(&self) -> Option<CipherSuite> {
        self.hello.map(|(_, cipher)| cipher)
    }

    /// How many bytes are in whole records that were read without a fault.
    #[must_use]
    pub const fn settled(&self) -> usize {
        self.offset
    }

    /// How many bytes were pushed.
    #[must_use]
    pub const fn received(&self) -> usize {
        self.received
    }

    /// Reads every whole record; `Err` is how the flight ended.
    fn read_records(&mut self) -> Result<(), FlightState> {
        let mut pending = std::mem::take(&mut self.pending);
        let mut consumed: usize = 0;
        loop {
            let (at, rest) = (self.offset, pending.get(consumed..).unwrap_or_default());
            let shift = |fault: Malformed| broken(at.saturating_add(fault.offset), fault.reason);
            let Some((kind, payload)) = first_record(rest).map_err(shift)? else { break };
            match kind {
                record::HANDSHAKE => {
                    self.message.extend_from_slice(payload);
                    self.read_messages()?;
                }
                record::ALERT => self.read_alerts(payload)?,
                _ => return Err(self.without_certificate()),
            }
            let length = record::HEADER.saturating_add(payload.len());
            self.offset = self.offset.saturating_add(length);
            consumed = consumed.saturating_add(length);
        }
        pending.drain(..consumed.min(pending.len()));
        self.pending = pending;
        Ok(())
    }

    /// Alerts of level warning are skipped: some servers answer SNI with `unrecognized_name`.
    fn read_alerts(&self, payload: &[u8]) -> Result<(), FlightState> {
        for alert in payload.chunks(2) {
            match alert {
                [1 | 2, CLOSE_NOTIFY] => return Err(FlightState::Alert(CLOSE_NOTIFY)),
                [2, description] => return Err(FlightState::Alert(*description)),
                [1, _] => {}
                _ => return Err(broken(self.offset, "not an alert")),
            }
        }
        Ok(())
    }

    /// Reads every whole handshake message.
    fn read_messages(&mut self) -> Result<(), FlightState> {
        let mut buffered = std::mem::take(&mut self.message);
        let mut rest = buffered.as_slice();
        while let [kind, high, middle, low, tail @ ..] = rest {
            let length = be24([*high, *middle, *low]);
            if length > MAX_FLIGHT {
                return Err(broken(self.offset, "handshake message above 64 KiB"));
            }
            let Some((body, after)) = tail.split_at_checked(length) else { break };
            self.read_message(*kind, body)?;
            rest = after;
        }
        let consumed = buffered.len().saturating_sub(rest.len());
        buffered.drain(..consumed);
        self.message = buffered;
        Ok(())
    }

    fn read_message(&mut self, kind: u8, body: &[u8]) -> Result<(), FlightState> {
        match (kind, self.hello) {
            (handshake::HELLO_REQUEST, _) => Ok(()),
            (handshake::SERVER_HELLO, None) => {
                let hello = parse_server_hello(body);
                self.hello = Some(hello.ok_or(broken(self.offset, "ServerHello is broken"))?);
                Ok(())
            }
            (handshake::CERTIFICATE, Some((version, cipher))) => {
                let chain = parse_chain(body);
                let chain = chain.ok_or(broken(self.offset, "Certificate message is broken"))?;
                Err(if chain.is_empty() {
                    FlightState::NoCertificate { version, cipher }
                } else {
                    FlightState::Certificate { version, cipher, chain }
                })
            }
            (handshake::SERVER_HELLO, Some(_)) => Err(broken(self.offset, "a second ServerHello")),
            _ => Err(self.without_certificate()),
        }
    }

    /// How a flight ends that goes on with something other than a certificate.
    fn without_certificate(&self) -> FlightState {
        self.hello.map_or_else(
            || broken(self.offset, "a TLS message before the ServerHello"),
            |(version, cipher)| FlightState::NoCertificate { version, cipher },
        )
    }
}

const fn broken(offset: usize, reason: &'static str) -> FlightState {
    FlightState::Malformed { offset, reason }
}

/// Version and suite of a `ServerHello` (RFC 5246 7.4.1.3), the version from
/// `supported_versions` where it stands (RFC 8446 4.2.1).
fn parse_server_hello(body: &[u8]) -> Option<(TlsVersion, CipherSuite)> {
    let mut reader = Reader::new(body);
    let mut version = TlsVersion(reader.be16()?);
    reader.take(32)?;
    let session = reader.vector8()?;
    let cipher = CipherSuite(reader.be16()?);
    let _compression = reader.u8()?;
    if version.0 >> 8 != 3 || version > TLS1_2 || session.rest().len() > 32 {
        return None;
    }
    if reader.is_empty() {
        return Some((version, cipher));
    }
    let mut extensions = reader.vector16()?;
    while !extensions.is_empty() {
        let (kind, mut value) = (extensions.be16()?, extensions.vector16()?);
        if kind == extension::SUPPORTED_VERSIONS {
            version = TlsVersion(value.be16()?);
        }
    }
    reader.is_empty().then_some((version, cipher))
}

/// The chain of a Certificate message of TLS 1.2 and below (RFC 5246 7.4.2).
fn parse_chain(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut reader = Reader::new(body);
    let mut list = reader.vector24()?;
    let mut chain = Vec::new();
    while !list.is_empty() {
        let certificate = list.vector24()?;
        if certificate.is_empty() {
            return None;
        }
        if chain.len() < MAX_CHAIN {
            chain.push(certificate.rest().to_vec());
        }
    }
    reader.is_empty().then_some(chain)
}
