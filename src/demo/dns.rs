//! A small DNS server on loopback: a table of names, over UDP and TCP (RFC 1035).

use super::host::{AbortOnDrop, DemoError};
use crate::probe::connect::Stream;
use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, PTR, SOA};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Time to live of every answer, in seconds.
const TTL: u32 = 120;
/// Questions in work at once, connections included; above that they are dropped.
const MAX_AT_ONCE: usize = 64;
/// The longest question taken, in bytes.
const MAX_QUESTION: usize = 1_232;
/// A connection ends after this long.
const LIFETIME: Duration = Duration::from_secs(30);
/// UDP and TCP must share a port: how many are tried.
const PORTS: usize = 32;

#[expect(clippy::disallowed_types, reason = "an edge of its own: the server's socket")]
type UdpSocket = tokio::net::UdpSocket;

/// What the server does with one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// What it says.
    pub reply: Reply,
    /// Waited before it.
    pub delay: Duration,
}

/// What the server says of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// These addresses; none of the asked family is NODATA.
    Addresses(Vec<IpAddr>),
    /// The name does not exist.
    NxDomain,
    /// The server failed.
    ServFail,
    /// The server refuses.
    Refused,
    /// Nothing.
    Silence,
}

impl From<Reply> for Zone {
    fn from(reply: Reply) -> Self {
        Self { reply, delay: Duration::ZERO }
    }
}

/// Names, in ASCII and without a final dot, and what is said of each. Reverse names come of the
/// addresses. A name that is not here does not exist.
pub type Table = BTreeMap<String, Zone>;

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub struct DnsServer {
    address: SocketAddr,
    _tasks: [AbortOnDrop; 2],
}

/// The table as questions are looked up in it: names in lower case.
#[derive(Debug)]
struct Names {
    forward: BTreeMap<Name, Zone>,
    reverse: BTreeMap<Name, Name>,
    origin: SOA,
}

impl DnsServer {
    /// Serves `table` on a free port of `address`.
    ///
    /// # Errors
    /// [`DemoError`] when no port is to be had or a name is none.
    pub async fn start(table: &Table, address: IpAddr) -> Result<Self, DemoError> {
        let names = Arc::new(Names::new(table)?);
        let wanted = SocketAddr::from((address, 0));
        let (udp, tcp) = bind_both(wanted).await.map_err(|error| DemoError::Bind(wanted, error))?;
        let address = udp.local_addr().map_err(|error| DemoError::Bind(wanted, error))?;
        let room = Arc::new(Semaphore::new(MAX_AT_ONCE));
        let datagrams = tokio::spawn(serve_udp(udp, Arc::clone(&names), Arc::clone(&room)));
        let streams = tokio::spawn(serve_tcp(tcp, names, room));
        let tasks = [datagrams, streams].map(|task| AbortOnDrop(task.abort_handle()));
        Ok(Self { address, _tasks: tasks })
    }

    /// Where it answers, over UDP and TCP.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn bind_both(wanted: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut failed = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..PORTS {
        let udp = UdpSocket::bind(wanted).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

async fn serve_udp(socket: UdpSocket, names: Arc<Names>, room: Arc<Semaphore>) {
    let socket = Arc::new(socket);
    let mut buffer = vec![0; MAX_QUESTION];
    let mut answering = JoinSet::new();
    loop {
        while answering.try_join_next().is_some() {}
        // An error here is that of an earlier answer: a port unreachable.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else { continue };
        let question = buffer.get(..length).unwrap_or_default().to_vec();
        let (socket, names) = (Arc::clone(&socket), Arc::clone(&names));
        answering.spawn(async move {
            let _permit = permit;
            if let Some(answer) = names.answer(&question, true).await {
                let _sent = socket.send_to(&answer, from).await;
            }
        });
    }
}

async fn serve_tcp(listener: TcpListener, names: Arc<Names>, room: Arc<Semaphore>) {
    let mut serving = JoinSet::new();
    loop {
        while serving.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else { continue };
        let names = Arc::clone(&names);
        serving.spawn(async move {
            let _permit = permit;
            let _ended = timeout(LIFETIME, serve_stream(stream, &names)).await;
        });
    }
}

/// Each message behind its length (RFC 1035 4.2.2).
async fn serve_stream(mut stream: Stream, names: &Names) -> io::Result<()> {
    loop {
        let length = usize::from(stream.read_u16().await?);
        if length > MAX_QUESTION {
            return Ok(());
        }
        let mut question = vec![0; length];
        stream.read_exact(&mut question).await?;
        let Some(answer) = names.answer(&question, false).await else { continue };
        let Ok(length) = u16::try_from(answer.len()) else { return Ok(()) };
        stream.write_u16(length).await?;
        stream.write_all(&answer).await?;
    }
}

impl Names {
    fn new(table: &Table) -> Result<Self, DemoError> {
        let parse = |text: &str| {
            let mut name = Name::from_ascii(text)
                .map_err(|_| DemoError::Name(text.to_owned()))?
                .to_lowercase();
            name.set_fqdn(true);
            Ok::<_, DemoError>(name)
        };
        let (mut forward, mut reverse) = (BTreeMap::new(), BTreeMap::new());
        for (text, zone) in table {
            let name = parse(text)?;
            if let Reply::Addresses(addresses) = &zone.reply {
                for address in addresses {
                    // The first name of an address is its reverse name.
                    reverse
                        .entry(Name::from(*address).to_lowercase())
                        .or_insert_with(|| name.clone());
                }
            }
            forward.insert(name, zone.clone());
        }
        let (server, admin) = (parse("ns.demo.test")?, parse("hostmaster.demo.test")?);
        let origin = SOA::new(server, admin, 1, 3_600, 600, 86_400, TTL);
        Ok(Self { forward, reverse, origin })
    }

    /// The bytes to send back, after the delay; `None` for silence.
    async fn answer(&self, question: &[u8], udp: bool) -> Option<Vec<u8>> {
        let Ok(asked) = Message::from_vec(question) else {
            return format_error(question);
        };
        if asked.metadata.message_type != MessageType::Query {
            return None;
        }
        let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
        answer.metadata.recursion_desired = asked.metadata.recursion_desired;
        answer.metadata.recursion_available = true;
        answer.metadata.authoritative = true;
        let [query] = asked.queries.as_slice() else {
            return format_error(question);
        };
        answer.add_query(query.clone());
        if asked.metadata.op_code != OpCode::Query {
            answer.metadata.response_code = ResponseCode::NotImp;
            return answer.to_vec().ok();
        }
        let name = query.name().to_lowercase();
        let (code, records) = self.look_up(&name, query.query_type()).await?;
        answer.metadata.response_code = code;
        let names_nothing = records.is_empty();
        for data in records {
            answer.add_answer(Record::from_rdata(query.name().clone(), TTL, data));
        }
        if names_nothing && matches!(code, ResponseCode::NoError | ResponseCode::NXDomain) {
            // A negative answer says for how long it holds (RFC 2308 section 3).
            let origin = Record::from_rdata(name.base_name(), TTL, RData::SOA(self.origin.clone()));
            answer.authorities.push(origin);
        }
        let bytes = answer.to_vec().ok()?;
        let limit = usize::from(asked.max_payload());
        if udp && bytes.len() > limit {
            return answer.truncate().to_vec().ok();
        }
        Some(bytes)
    }

    /// What is said of `name`, after its delay; `None` for silence.
    async fn look_up(&self, name: &Name, kind: RecordType) -> Option<(ResponseCode, Vec<RData>)> {
        if let Some(target) = self.reverse.get(name) {
            let pointers = (kind == RecordType::PTR).then(|| RData::PTR(PTR(target.clone())));
            return Some((ResponseCode::NoError, pointers.into_iter().collect()));
        }
        let Some(zone) = self.forward.get(name) else {
            return Some((ResponseCode::NXDomain, Vec::new()));
        };
        if !zone.delay.is_zero() {
            sleep(zone.delay).await;
        }
        let code = match &zone.reply {
            Reply::Addresses(addresses) => {
                let records = addresses.iter().filter_map(|address| record(*address, kind));
                return Some((ResponseCode::NoError, records.collect()));
            }
            Reply::NxDomain => ResponseCode::NXDomain,
            Reply::ServFail => ResponseCode::ServFail,
            Reply::Refused => ResponseCode::Refused,
            Reply::Silence => return None,
        };
        Some((code, Vec::new()))
    }
}

/// `address` as a record of `kind`, when it is one.
fn record(address: IpAddr, kind: RecordType) -> Option<RData> {
    match (address, kind) {
        (IpAddr::V4(v4), RecordType::A) => Some(RData::A(A(v4))),
        (IpAddr::V6(v6), RecordType::AAAA) => Some(RData::AAAA(AAAA(v6))),
        _ => None,
    }
}

/// FORMERR under the id of bytes that are no question; `None` for those that are an answer, or too
/// short to have an id.
fn format_error(question: &[u8]) -> Option<Vec<u8>> {
    let [high, low, flags, ..] = question else { return None };
    if flags & 0x80 != 0 {
        return None;
    }
    let id = u16::from_be_bytes([*high, *low]);
    Message::error_msg(id, OpCode::Query, ResponseCode::FormErr).to_vec().ok()
}
