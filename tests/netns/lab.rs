//! Networks made of namespaces: a switch, machines on it, a router to a second network.
//!
//! Addresses are the same in every lab, because no two labs see each other:
//! `10.77.0.N/24` and `fd77::N/64` on the switch, `10.88.0.N/24` and `fd88::N/64` behind the router.

use crate::process::{Daemon, command, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// How every namespace of these tests begins; then the process and a count.
const PREFIX: &str = "rdpwatch-test-";

/// The machine that the program runs on.
pub(crate) const MONITOR: u8 = 2;
/// The machine that is looked at.
pub(crate) const HOST: u8 = 21;
/// Another machine, or another address of the host.
pub(crate) const OTHER: u8 = 22;
/// The DNS server.
pub(crate) const DNS: u8 = 10;
/// The router.
pub(crate) const ROUTER: u8 = 1;
/// An address that nobody has.
pub(crate) const NOBODY: u8 = 99;

/// A network of its own, gone when dropped.
pub(crate) struct Lab {
    namespaces: Vec<String>,
    switch: String,
    far_switch: Option<String>,
    folder: TempDir,
    serial: u32,
}

/// A machine.
#[derive(Clone)]
pub(crate) struct Machine {
    pub(crate) namespace: String,
    /// Files of its own.
    pub(crate) folder: PathBuf,
}

impl Lab {
    /// A switch without machines.
    pub(crate) fn new() -> Self {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let folder = TempDir::with_prefix(temporary_prefix()).unwrap();
        // Programs without rights read their files here.
        open_to_all(folder.path());
        let mut lab = Self {
            namespaces: Vec::new(),
            switch: String::new(),
            far_switch: None,
            folder,
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
        };
        lab.switch = lab.bridge("switch");
        lab
    }

    /// The machine that the program runs on.
    pub(crate) fn monitor(&mut self) -> Machine {
        self.machine("monitor", MONITOR)
    }

    /// The machine that is looked at.
    pub(crate) fn host(&mut self) -> Machine {
        self.machine("host", HOST)
    }

    /// A machine on the switch.
    pub(crate) fn machine(&mut self, name: &str, number: u8) -> Machine {
        let machine = self.bare(name);
        let switch = self.switch.clone();
        plug(&machine, "eth0", &switch, number, Net::Near);
        machine
    }

    /// A machine behind the router, which it uses for everything.
    pub(crate) fn far_machine(&mut self, name: &str, number: u8) -> Machine {
        let machine = self.bare(name);
        let switch = self.far_switch.clone().expect("there is a router first");
        plug(&machine, "eth0", &switch, number, Net::Far);
        machine.use_router(Net::Far);
        machine
    }

    /// A router between the switch and a second network. `monitor` uses it for everything else.
    pub(crate) fn router(&mut self, monitor: &Machine) -> Machine {
        let router = self.machine("router", ROUTER);
        let far = self.bridge("far");
        plug(&router, "eth1", &far, ROUTER, Net::Far);
        self.far_switch = Some(far);
        router.set("net/ipv4/ip_forward", "1");
        router.set("net/ipv6/conf/all/forwarding", "1");
        // Each test asks a few times at once; the kernel would answer once a second.
        router.set("net/ipv4/icmp_ratelimit", "0");
        router.set("net/ipv6/icmp/ratelimit", "0");
        monitor.use_router(Net::Near);
        router
    }

    /// A machine that is on the switch by a cable in user space, which can be slow.
    pub(crate) fn machine_on_a_wire(&mut self, name: &str, number: u8) -> (Machine, Wire) {
        let machine = self.bare(name);
        let stub = self.bridge("stub");
        let cable = self.bare("wire");
        for (interface, switch) in [("near", &self.switch), ("far", &stub)] {
            connect(&cable, interface, switch, &format!("wire{number}"), None);
            cable.set(&format!("net/ipv6/conf/{interface}/disable_ipv6"), "1");
        }
        let wire = Wire::start(&cable);
        plug(&machine, "eth0", &stub, number, Net::Near);
        (machine, wire)
    }

    fn bridge(&mut self, name: &str) -> String {
        let namespace = self.namespace(name);
        ip(
            &namespace,
            &["link add br0 type bridge stp_state 0 forward_delay 0", "link set br0 up"],
        );
        namespace
    }

    fn bare(&mut self, name: &str) -> Machine {
        let namespace = self.namespace(name);
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        open_to_all(&folder);
        let machine = Machine { namespace, folder };
        machine.file("resolv.conf", "");
        machine.file("nsswitch.conf", "hosts: files dns\n");
        machine.file("hosts", "127.0.0.1 localhost\n::1 localhost\n");
        machine
    }

    fn namespace(&mut self, name: &str) -> String {
        let namespace = format!("{PREFIX}{}-{}-{name}", std::process::id(), self.serial);
        run(command("ip").args(["netns", "add", &namespace]));
        self.namespaces.push(namespace.clone());
        fs::create_dir_all(etc(&namespace)).unwrap();
        // Addresses are usable at once; nobody else could have them.
        for scope in ["all", "default"] {
            set(&namespace, &format!("net/ipv6/conf/{scope}/accept_dad"), "0");
            set(&namespace, &format!("net/ipv6/conf/{scope}/accept_ra"), "0");
        }
        ip(&namespace, &["link set lo up"]);
        namespace
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for namespace in &self.namespaces {
            remove(namespace);
        }
    }
}

/// Which of the two networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Net {
    Near,
    Far,
}

impl Net {
    const fn octet(self) -> u8 {
        match self {
            Self::Near => 77,
            Self::Far => 88,
        }
    }

    pub(crate) fn v4(self, number: u8) -> String {
        format!("10.{}.0.{number}", self.octet())
    }

    pub(crate) fn v6(self, number: u8) -> String {
        format!("fd{}::{number}", self.octet())
    }

    /// The hardware address of `number`'s interface.
    pub(crate) fn mac(self, number: u8) -> String {
        format!("02:77:{:02x}:00:00:{number:02x}", self.octet())
    }
}

impl Machine {
    /// A command on this machine.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut line = command("ip");
        line.args(["netns", "exec", &self.namespace]);
        line.arg(crate::process::find(program).unwrap_or_else(|| PathBuf::from(program)));
        line
    }

    /// Lines for `ip`, such as `addr add …`.
    pub(crate) fn ip(&self, lines: &[&str]) {
        ip(&self.namespace, lines);
    }

    /// Sets one value below `/proc/sys`.
    pub(crate) fn set(&self, key: &str, value: &str) {
        set(&self.namespace, key, value);
    }

    /// Gives it a file of `/etc` of its own.
    pub(crate) fn file(&self, name: &str, text: &str) {
        fs::write(etc(&self.namespace).join(name), text).unwrap();
    }

    /// The same for a file in a folder of `/etc`, which it then has to itself.
    pub(crate) fn file_below(&self, name: &str, text: &str) {
        let path = etc(&self.namespace).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Asks `servers` for names, each with one try of two seconds.
    pub(crate) fn use_dns(&self, servers: &[String]) {
        let lines: Vec<String> = servers.iter().map(|s| format!("nameserver {s}\n")).collect();
        let lines = lines.concat();
        self.file("resolv.conf", &format!("{lines}options timeout:2 attempts:1\n"));
    }

    fn use_router(&self, net: Net) {
        self.ip(&[
            &format!("route add default via {}", net.v4(ROUTER)),
            &format!("-6 route add default via {}", net.v6(ROUTER)),
        ]);
    }

    /// Takes the addresses away, as sleep does: the link stays up and nobody answers for them.
    pub(crate) fn fall_asleep(&self) {
        self.ip(&["addr flush dev eth0 scope global"]);
    }

    /// Gives the addresses of `number` back.
    pub(crate) fn wake_up(&self, number: u8) {
        addresses(self, "eth0", number, Net::Near);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Connects `interface` of a machine to a switch, with the addresses of `number`.
fn plug(machine: &Machine, interface: &str, switch: &str, number: u8, net: Net) {
    connect(machine, interface, switch, &format!("port{number}"), Some(net.mac(number)));
    addresses(machine, interface, number, net);
}

/// Connects `interface` of a machine to a port of a switch.
fn connect(machine: &Machine, interface: &str, switch: &str, port: &str, mac: Option<String>) {
    let mac = mac.map_or_else(String::new, |mac| format!("address {mac} "));
    machine.ip(&[
        &format!("link add {interface} {mac}type veth peer name {port} netns {switch}"),
        &format!("link set {interface} up"),
    ]);
    ip(switch, &[&format!("link set {port} master br0 up")]);
    // Until then the switch drops what it is sent.
    crate::wait::until("forwarding port", crate::process::READY, || {
        let shown = run(command("ip").args(["-n", switch, "-d", "link", "show", port]));
        shown.contains("bridge_slave state forwarding").then_some(())
    });
}

/// A cable in user space: `wire.py`, on a machine of its own.
pub(crate) struct Wire {
    control: PathBuf,
    _relay: Daemon,
}

impl Wire {
    fn start(cable: &Machine) -> Self {
        let control = cable.path("delay");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/netns/wire.py");
        let mut line = cable.command("python3");
        line.arg(script).args(["near", "far"]).arg(&control);
        let mut relay = Daemon::start(&mut line, "wire", &cable.path("wire.out"));
        relay.wait_until(|relay| relay.log().contains("ready"));
        let wire = Self { control, _relay: relay };
        wire.slow(0, 0);
        wire
    }

    /// From here on every echo reply of IPv4 comes `twice`, or each pair of them changes places
    /// (`swap`).
    pub(crate) fn trouble(&self, what: &str) {
        self.write(&format!("0 0 {what}\n"));
    }

    /// From here on each frame takes `delay` milliseconds each way, and every echo reply of IPv4
    /// comes a hundred times.
    pub(crate) fn flood(&self, delay: u32) {
        self.write(&format!("{delay} 0 hundred\n"));
    }

    /// From here on each frame takes `delay` milliseconds each way, one in three up to `jitter` more.
    pub(crate) fn slow(&self, delay: u32, jitter: u32) {
        self.write(&format!("{delay} {jitter}\n"));
    }

    /// Writes the control file, and waits until the cable has read it.
    fn write(&self, text: &str) {
        let next = self.control.with_extension("next");
        fs::write(&next, text).unwrap();
        fs::rename(&next, &self.control).unwrap();
        let read = PathBuf::from(format!("{}.read", self.control.display()));
        crate::wait::until("cable that obeys", crate::process::READY, || {
            fs::read_to_string(&read).is_ok_and(|read| read == text).then_some(())
        });
    }
}

fn addresses(machine: &Machine, interface: &str, number: u8, net: Net) {
    machine.ip(&[
        &format!("addr add {}/24 brd + dev {interface}", net.v4(number)),
        &format!("addr add {}/64 dev {interface} nodad", net.v6(number)),
    ]);
}

fn ip(namespace: &str, lines: &[&str]) {
    for line in lines {
        run(command("ip").args(["-n", namespace]).args(line.split(' ')));
    }
}

fn set(namespace: &str, key: &str, value: &str) {
    let write = format!("echo '{value}' > /proc/sys/{key}");
    run(command("ip").args(["netns", "exec", namespace, "sh", "-c", &write]));
}

fn etc(namespace: &str) -> PathBuf {
    Path::new("/etc/netns").join(namespace)
}

pub(crate) fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
}

/// Ends what still runs in a namespace and removes it. Never panics: it may run in a drop.
fn remove(namespace: &str) {
    let ip = |arguments: &[&str]| {
        let output = command("ip").args(arguments).stderr(Stdio::null()).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let inside = ip(&["netns", "pids", namespace]).unwrap_or_default();
    for pid in inside.lines().filter_map(|line| line.trim().parse().ok()) {
        let pid = nix::unistd::Pid::from_raw(pid);
        let _gone = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
    }
    let _gone = ip(&["netns", "del", namespace]);
    let _gone = fs::remove_dir_all(etc(namespace));
}

/// Takes the folder of the namespaces' files away, unless somebody else has some there.
pub(crate) fn tidy() {
    let _kept = fs::remove_dir("/etc/netns");
}

/// How the names of this process' temporary folders begin.
pub(crate) fn temporary_prefix() -> String {
    format!("{PREFIX}{}-", std::process::id())
}

/// Removes what a killed run of these tests has left behind.
pub(crate) fn clear_the_dead() {
    for name in names_in(Path::new("/run/netns")).chain(names_in(Path::new("/etc/netns"))) {
        if is_of_the_dead(&name) {
            remove(&name);
        }
    }
    let temporary = std::env::temp_dir();
    for name in names_in(&temporary).filter(|name| is_of_the_dead(name)) {
        let _gone = fs::remove_dir_all(temporary.join(name));
    }
}

fn is_of_the_dead(name: &str) -> bool {
    let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
    owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists())
}

fn names_in(folder: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}
