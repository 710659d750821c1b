//! Questions to the kernel over rtnetlink (RFC 3549): no privilege, no packet leaves the machine.

use super::netlink_socket::{self, DATAGRAM_BYTES};
use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::{Socket, protocols::NETLINK_ROUTE};
use std::io;

/// Messages kept of one answer: a routing table may hold a million routes.
const MAX_MESSAGES: usize = 16_384;
/// Datagrams read for one answer.
const MAX_DATAGRAMS: usize = 4_096;
/// `struct nlmsghdr`.
const HEADER_BYTES: usize = 16;

/// A socket to ask with, one question at a time. Blocks for microseconds.
pub(crate) struct Netlink {
    socket: Socket,
    buffer: Vec<u8>,
    sequence: u32,
}

/// Whether a datagram ended the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    More,
    Done,
}

impl Netlink {
    /// Opens the socket.
    pub(crate) fn open() -> io::Result<Self> {
        let socket = netlink_socket::open(NETLINK_ROUTE)?;
        Ok(Self { socket, buffer: Vec::with_capacity(DATAGRAM_BYTES), sequence: 0 })
    }

    /// Every object of the asked kind, the first `MAX_MESSAGES` of them. Objects that do not
    /// decode are left out.
    pub(crate) fn dump(
        &mut self,
        question: RouteNetlinkMessage,
    ) -> io::Result<Vec<RouteNetlinkMessage>> {
        let sequence = self.send(question, NLM_F_REQUEST | NLM_F_DUMP)?;
        let mut answers = Vec::new();
        for _ in 0..MAX_DATAGRAMS {
            let progress = self.receive(sequence, &mut answers)?;
            if progress == Progress::Done {
                return Ok(answers);
            }
            if answers.len() >= MAX_MESSAGES {
                // The rest of the dump dies with its socket.
                *self = Self::open()?;
                return Ok(answers);
            }
        }
        Err(io::Error::other("the kernel's answer does not end"))
    }

    /// The one answer to a question about one object.
    pub(crate) fn ask(
        &mut self,
        question: RouteNetlinkMessage,
    ) -> io::Result<Option<RouteNetlinkMessage>> {
        let sequence = self.send(question, NLM_F_REQUEST)?;
        let mut answers = Vec::new();
        for _ in 0..MAX_DATAGRAMS {
            let progress = self.receive(sequence, &mut answers)?;
            if progress == Progress::Done || !answers.is_empty() {
                break;
            }
        }
        Ok(answers.into_iter().next())
    }

    fn send(&mut self, question: RouteNetlinkMessage, flags: u16) -> io::Result<u32> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        header.sequence_number = self.sequence;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(question));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send(&bytes, 0)?;
        Ok(self.sequence)
    }

    fn receive(
        &mut self,
        sequence: u32,
        answers: &mut Vec<RouteNetlinkMessage>,
    ) -> io::Result<Progress> {
        self.buffer.clear();
        self.socket.recv(&mut self.buffer, 0)?;
        decode(&self.buffer, sequence, answers)
    }
}

/// Reads the messages of one datagram that answer question `sequence`.
///
/// # Errors
/// The kernel's own error as an OS error; `InvalidData` for lengths that lead outside the datagram.
fn decode(
    datagram: &[u8],
    sequence: u32,
    answers: &mut Vec<RouteNetlinkMessage>,
) -> io::Result<Progress> {
    let mut rest = datagram;
    while rest.len() >= HEADER_BYTES {
        let length = rest
            .first_chunk::<4>()
            .and_then(|bytes| usize::try_from(u32::from_ne_bytes(*bytes)).ok())
            .filter(|length| *length >= HEADER_BYTES)
            .ok_or(io::ErrorKind::InvalidData)?;
        let message = rest.get(..length).ok_or(io::ErrorKind::InvalidData)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(message) else {
            continue;
        };
        if message.header.sequence_number != sequence {
            continue;
        }
        match message.payload {
            NetlinkPayload::Done(_) => return Ok(Progress::Done),
            NetlinkPayload::Error(error) => {
                return match error.code {
                    None => Ok(Progress::Done),
                    Some(_) => Err(error.to_io()),
                };
            }
            NetlinkPayload::InnerMessage(inner) if answers.len() < MAX_MESSAGES => {
                answers.push(inner);
            }
            _ => {}
        }
    }
    Ok(Progress::More)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `NLMSG_DONE` of question 7: length 20, type 3, flags MULTI, sequence, port, code 0.
    fn done() -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(20_u32.to_ne_bytes());
        bytes.extend(3_u16.to_ne_bytes());
        bytes.extend(2_u16.to_ne_bytes());
        bytes.extend(7_u32.to_ne_bytes());
        bytes.extend(0_u32.to_ne_bytes());
        bytes.extend(0_i32.to_ne_bytes());
        bytes
    }

    /// `NLMSG_ERROR` of question 7 with ENETUNREACH (101) and the header it answers.
    fn unreachable() -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(36_u32.to_ne_bytes());
        bytes.extend(2_u16.to_ne_bytes());
        bytes.extend(0_u16.to_ne_bytes());
        bytes.extend(7_u32.to_ne_bytes());
        bytes.extend(0_u32.to_ne_bytes());
        bytes.extend((-101_i32).to_ne_bytes());
        bytes.extend([0; 16]);
        bytes
    }

    #[test]
    fn an_answer_ends_with_done_and_fails_with_the_kernels_error() {
        let mut answers = Vec::new();
        assert_eq!(decode(&done(), 7, &mut answers).unwrap(), Progress::Done);
        assert_eq!(decode(&done(), 8, &mut answers).unwrap(), Progress::More);
        let error = decode(&unreachable(), 7, &mut answers).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NetworkUnreachable);
        assert!(answers.is_empty());
    }

    #[test]
    fn no_prefix_and_no_length_leads_outside() {
        let whole = [done(), unreachable()].concat();
        for end in 0..whole.len() {
            let _ = decode(&whole[..end], 8, &mut Vec::new());
        }
        for length in [0_u32, 15, 21, u32::MAX] {
            let mut bytes = done();
            bytes[..4].copy_from_slice(&length.to_ne_bytes());
            let error = decode(&bytes, 7, &mut Vec::new()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{length}");
        }
    }
}
