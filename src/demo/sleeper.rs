//! A PC that sleeps: silent until a magic packet arrives, then up layer by layer.

use super::host::{AbortOnDrop, DemoError, Scene, accept, bind, fill, open, reopen};
use super::script::{HostScript, Then, Turn};
use super::udp::{self, UdpScript};
use crate::domain::mac::MacAddr;
use crate::probe::clock::Clock;
use crate::probe::connect::Stream;
use crate::proto::magic_packet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

/// The longest datagram looked at for a magic packet, in bytes.
const MAX_DATAGRAM: usize = 1_500;
/// More datagrams than a socket's buffer holds.
const MAX_FORGOTTEN: usize = 4_096;

#[expect(clippy::disallowed_types, reason = "an edge of its own: the socket it is woken by")]
type UdpSocket = tokio::net::UdpSocket;

/// How far up a PC is. The order is that of waking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// Nothing answers.
    Asleep,
    /// The network card answers for its address.
    Neighbour,
    /// Echo requests are answered.
    Echo,
    /// Connections are accepted, and nothing said on them.
    Tcp,
    /// Up.
    Up,
}

impl Power {
    const ALL: [Self; 5] = [Self::Asleep, Self::Neighbour, Self::Echo, Self::Tcp, Self::Up];
}

/// How a PC sleeps and wakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SleepScript {
    /// The hardware address that wakes it.
    pub mac: MacAddr,
    /// From the packet to [`Power::Neighbour`], and so on to [`Power::Up`].
    pub steps: [Duration; 4],
    /// How long it stays up; `None` for good.
    pub awake: Option<Duration>,
    /// What it does when up.
    pub host: HostScript,
}

/// A running sleeper. It ends when this is dropped.
#[derive(Debug)]
pub struct Sleeper {
    address: SocketAddr,
    wake_address: SocketAddr,
    mac: MacAddr,
    power: Arc<AtomicU8>,
    packets: Arc<AtomicU64>,
    _task: AbortOnDrop,
}

impl Sleeper {
    /// Puts a PC to sleep on free ports of `address`.
    ///
    /// # Errors
    /// [`DemoError`] when a port is not to be had or a certificate cannot be made.
    pub async fn start(script: SleepScript, address: IpAddr) -> Result<Self, DemoError> {
        let wanted = SocketAddr::from((address, 0));
        let failed = |error| DemoError::Bind(wanted, error);
        let listener = bind(wanted).and_then(open).map_err(failed)?;
        let wake = UdpSocket::bind(wanted).await.map_err(failed)?;
        let stuffing = fill(&listener).await.map_err(failed)?;
        let (address, wake_address) = (listener.local_addr(), wake.local_addr());
        let power = Arc::new(AtomicU8::new(0));
        let packets = Arc::new(AtomicU64::new(0));
        let pc = Pc {
            up: Scene::prepare(&script.host, Clock::wall())?,
            mute: Scene::prepare(&HostScript::always(Turn::ends(Then::Silence)), Clock::wall())?,
            mac: script.mac,
            steps: script.steps,
            awake: script.awake,
            answers: script.host.udp.clone(),
            listener,
            wake,
            power: Arc::clone(&power),
            packets: Arc::clone(&packets),
        };
        let task = tokio::spawn(async move {
            // Without its sockets it stays asleep: nothing is to be done about it here.
            let _ended = pc.live(stuffing).await;
        });
        Ok(Self {
            address: address.map_err(failed)?,
            wake_address: wake_address.map_err(failed)?,
            mac: script.mac,
            power,
            packets,
            _task: AbortOnDrop(task.abort_handle()),
        })
    }

    /// Where it listens when it is up.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where magic packets for it go, over UDP.
    #[must_use]
    pub const fn wake_address(&self) -> SocketAddr {
        self.wake_address
    }

    /// The hardware address that wakes it.
    #[must_use]
    pub const fn mac(&self) -> MacAddr {
        self.mac
    }

    /// How far up it is.
    #[must_use]
    pub fn power(&self) -> Power {
        power_of(&self.power)
    }

    /// The same, for simulations that outlive a borrow.
    pub(super) fn watch(&self) -> impl Fn() -> Power + Send + Sync + use<> {
        let power = Arc::clone(&self.power);
        move || power_of(&power)
    }

    /// How many magic packets for it arrived while it slept.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.packets.load(Ordering::Relaxed)
    }
}

fn power_of(power: &AtomicU8) -> Power {
    let index = usize::from(power.load(Ordering::Relaxed));
    Power::ALL.get(index).copied().unwrap_or(Power::Asleep)
}

/// The machine itself.
struct Pc {
    up: Scene,
    mute: Scene,
    mac: MacAddr,
    steps: [Duration; 4],
    awake: Option<Duration>,
    answers: UdpScript,
    listener: TcpListener,
    wake: UdpSocket,
    power: Arc<AtomicU8>,
    packets: Arc<AtomicU64>,
}

impl Pc {
    async fn live(self, mut stuffing: Vec<Stream>) -> io::Result<()> {
        let served = AtomicU64::new(0);
        let [neighbour, echo, tcp, up] = self.steps;
        loop {
            self.packet().await?;
            sleep(neighbour).await;
            self.is(Power::Neighbour);
            sleep(echo).await;
            self.is(Power::Echo);
            sleep(tcp).await;
            reopen(&self.listener, stuffing).await?;
            self.is(Power::Tcp);
            let _over = timeout(up, accept(&self.listener, &self.mute, &served)).await;
            self.is(Power::Up);
            let datagrams = udp::serve(self.udp(), self.answers.clone(), Arc::default());
            let day = async {
                tokio::select! {
                    () = accept(&self.listener, &self.up, &served) => (),
                    () = datagrams => (),
                }
            };
            match self.awake {
                Some(awake) => {
                    let _over = timeout(awake, day).await;
                }
                None => day.await,
            }
            stuffing = fill(&self.listener).await?;
            self.forget_packets();
            self.is(Power::Asleep);
        }
    }

    /// Its UDP transport, while it is up; without a port it has none.
    fn udp(&self) -> Option<udp::Socket> {
        let address = self.listener.local_addr().ok()?;
        udp::bind(&self.answers, address).ok().flatten()
    }

    fn is(&self, power: Power) {
        let index = Power::ALL.iter().position(|known| *known == power).unwrap_or(0);
        self.power.store(u8::try_from(index).unwrap_or(0), Ordering::Relaxed);
    }

    /// Waits for a magic packet with this machine's address.
    async fn packet(&self) -> io::Result<()> {
        let mut datagram = vec![0; MAX_DATAGRAM];
        loop {
            let (length, _) = self.wake.recv_from(&mut datagram).await?;
            let bytes = datagram.get(..length).unwrap_or_default();
            if magic_packet::find(bytes).is_some_and(|(mac, _)| mac == self.mac) {
                self.packets.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
        }
    }

    /// Packets that came while it was up wake nobody later.
    fn forget_packets(&self) {
        let mut datagram = vec![0; MAX_DATAGRAM];
        for _ in 0..MAX_FORGOTTEN {
            if self.wake.try_recv(&mut datagram).is_err() {
                break;
            }
        }
    }
}
