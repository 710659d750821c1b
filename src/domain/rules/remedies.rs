//! Remedies that several causes share. [`Placeholders`](crate::domain::placeholder::Placeholders)
//! says what the words in capitals stand for.
//!
//! Commands are Windows' own, in a form that works from another machine: `sc.exe \\HOST`,
//! PowerShell remoting, CIM. None holds a `|`, which the lines of `check` cannot carry. Well-known
//! SIDs and resource ids replace names that Windows translates.

use crate::domain::finding::{Remedy, RunOn};

const REMOTING: Option<&str> =
    Some("administrator rights on HOST; PowerShell remoting, or the same command at its console");

/// Restarting the service, what it costs, and the name that guides get wrong.
const RESTART: &str = "the restart DISCONNECTS EVERY SESSION on HOST: look with `qwinsta \
    /server:HOST` first. (Guides that print `Restart-Service termserv` name a service that does \
    not exist: it is TermService.)";

// ------------------------------------------------------------------ certificate and key

/// Events of a certificate that cannot be made or used.
pub(super) const CERTIFICATE_EVENTS: Remedy = Remedy {
    confirm: Some(
        "Get-WinEvent -ComputerName HOST -MaxEvents 10 -FilterHashtable @{LogName='System'; \
         ProviderName='Microsoft-Windows-TerminalServices-RemoteConnectionManager','Schannel'; \
         Id=1057,1058,36870,36871,36872}",
    ),
    needs: Some("rights to read HOST's event log"),
    ..Remedy::new(
        "Look up events 1057 and 1058 (RemoteConnectionManager) and 36870 to 36872 (Schannel) in \
         HOST's System log: 1057/1058 say that the certificate could not be replaced, 36870 that \
         its private key cannot be read, 36871/36872 that TLS itself is switched off or broken.",
        RunOn::Host,
    )
};

/// Rights of the one key file that Remote Desktop uses.
pub(super) const KEY_PERMISSIONS: Remedy = Remedy {
    confirm: Some(
        "Invoke-Command HOST { icacls \"$env:ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\\f686aace*\" }",
    ),
    commands: &[
        "Invoke-Command HOST { icacls \"$env:ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\\f686aace*\" /save C:\\Windows\\Temp\\rdp-key.acl }",
        "Invoke-Command HOST { icacls \"$env:ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\\f686aace*\" /grant '*S-1-5-18:(F)' '*S-1-5-32-544:(F)' '*S-1-5-20:(R)' }",
    ],
    needs: REMOTING,
    impact: Some("none on running sessions; only the RDP key file is touched"),
    undo: Some(
        "Invoke-Command HOST { icacls \"$env:ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\" /restore C:\\Windows\\Temp\\rdp-key.acl }",
    ),
    ..Remedy::new(
        "Give SYSTEM and Administrators full access and NETWORK SERVICE read access to the one \
         RDP key file, f686aace…, in MachineKeys.",
        RunOn::Host,
    )
};

/// A fresh self-signed certificate.
pub(super) const RECREATE_CERTIFICATE: Remedy = Remedy {
    confirm: Some("Invoke-Command HOST { certutil -store 'Remote Desktop' }"),
    commands: &[
        "qwinsta /server:HOST",
        "Invoke-Command HOST { Remove-Item -LiteralPath (Get-ChildItem 'Cert:\\LocalMachine\\Remote Desktop').PSPath }",
        "Invoke-Command HOST { Restart-Service TermService -Force }",
    ],
    needs: REMOTING,
    impact: Some(RESTART),
    undo: Some(
        "not needed: Windows makes a new certificate when the service starts; users accept it once",
    ),
    ..Remedy::new(
        "Delete the certificate under Remote Desktop > Certificates (certlm.msc) and restart \
         TermService, so that Windows makes a new one.",
        RunOn::Host,
    )
};

/// The last resort for a broken key store.
pub(super) const RENAME_MACHINE_KEYS: Remedy = Remedy {
    confirm: Some(
        "Invoke-Command HOST { (Get-ChildItem \"$env:ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\").Count }",
    ),
    commands: &[
        "Invoke-Command HOST { Rename-Item \"$env:ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\" MachineKeys_old }",
        "Restart-Computer -ComputerName HOST -Force",
    ],
    needs: Some(
        "administrator rights and a snapshot or backup; on an Azure VM through Run command",
    ),
    impact: Some(
        "OTHER SERVICES KEEP THEIR KEYS THERE TOO (IIS, RD Gateway, SQL Server, agents) AND LOSE \
         THEM; the restart ENDS EVERY SESSION",
    ),
    undo: Some("rename MachineKeys_old back to MachineKeys and restart HOST"),
    ..Remedy::new(
        "Last resort, commonly reported to help on Azure VMs and cloned machines: rename the \
         MachineKeys folder to MachineKeys_old and restart, so that Windows makes it anew.",
        RunOn::Host,
    )
};

/// The authority's certificate, renewed.
pub(super) const RENEW_ISSUED: Remedy = Remedy {
    confirm: Some(
        "Format-List -InputObject (Get-CimInstance -ComputerName HOST -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting -Filter \"TerminalName='RDP-tcp'\") -Property SSLCertificateSHA1Hash*",
    ),
    commands: &[
        "Invoke-Command HOST { certutil -pulse }",
        "Invoke-Command HOST { gpupdate /target:computer }",
    ],
    needs: REMOTING,
    impact: Some("none on running sessions"),
    ..Remedy::new(
        "If an authority issued it: renew it there, or trigger enrolment, and check that Remote \
         Desktop is bound to the new thumbprint.",
        RunOn::Host,
    )
};

/// Clocks.
pub(super) const SYNC_CLOCKS: Remedy = Remedy {
    confirm: Some("w32tm /stripchart /computer:HOST /samples:3 /dataonly"),
    commands: &["w32tm /resync", "Invoke-Command HOST { w32tm /resync }"],
    needs: Some("administrator rights on the machine whose clock is wrong"),
    impact: Some("a clock that jumps can end Kerberos tickets; sessions stay"),
    ..Remedy::new("Compare the clocks and resynchronise the one that is wrong.", RunOn::Host)
};

// ------------------------------------------------------------------ service and port

/// The service.
pub(super) const START_SERVICE: Remedy = Remedy {
    confirm: Some("sc.exe \\\\HOST query TermService"),
    commands: &["sc.exe \\\\HOST start TermService"],
    needs: Some("administrator rights on HOST; TCP 445 open to it"),
    impact: Some("none: nobody is connected while the service is stopped"),
    undo: Some("sc.exe \\\\HOST stop TermService"),
    ..Remedy::new("Start the service TermService if it is not running.", RunOn::Host)
};

/// Restarting a hung service.
pub(super) const RESTART_SERVICE: Remedy = Remedy {
    confirm: Some("qwinsta /server:HOST"),
    commands: &["Invoke-Command HOST { Restart-Service TermService -Force }"],
    needs: REMOTING,
    impact: Some(RESTART),
    undo: Some("none"),
    ..Remedy::new("Restart TermService.", RunOn::Host)
};

/// Remote Desktop switched on.
pub(super) const ALLOW_CONNECTIONS: Remedy = Remedy {
    confirm: Some(
        "reg query \"\\\\HOST\\HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\" /v fDenyTSConnections",
    ),
    commands: &[
        "Invoke-CimMethod -InputObject (Get-CimInstance -ComputerName HOST -Namespace root/cimv2/TerminalServices -ClassName Win32_TerminalServiceSetting) -MethodName SetAllowTSConnections -Arguments @{AllowTSConnections=[uint32]1; ModifyFirewallException=[uint32]1}",
    ],
    needs: Some(
        "administrator rights on HOST; WinRM open to it (wmic is gone from new Windows 11)",
    ),
    impact: Some(
        "opens Remote Desktop in the host's firewall; a group policy may turn it off again",
    ),
    undo: Some("the same call with AllowTSConnections=[uint32]0"),
    ..Remedy::new(
        "If fDenyTSConnections is 1, Remote Desktop is switched off: switch it on.",
        RunOn::Host,
    )
};

/// The port it really listens on.
pub(super) const LISTENER_PORT: Remedy = Remedy {
    confirm: Some(
        "reg query \"\\\\HOST\\HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp\" /v PortNumber",
    ),
    ..Remedy::new(
        "Check which port Remote Desktop listens on, and dial that one if it was moved.",
        RunOn::Host,
    )
};

/// The host's own firewall.
pub(super) const HOST_FIREWALL: Remedy = Remedy {
    confirm: Some("Invoke-Command HOST { Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' }"),
    commands: &["Invoke-Command HOST { Enable-NetFirewallRule -Group '@FirewallAPI.dll,-28752' }"],
    needs: REMOTING,
    impact: Some("opens TCP and UDP 3389 in the host's firewall"),
    undo: Some("Invoke-Command HOST { Disable-NetFirewallRule -Group '@FirewallAPI.dll,-28752' }"),
    ..Remedy::new(
        "Enable the firewall group Remote Desktop (TCP and UDP) for the profile that the host's \
         network has; a network that Windows calls public is often the whole fault.",
        RunOn::Host,
    )
};

/// The same question from nearer.
pub(super) const TEST_FROM_NEAR: Remedy = Remedy {
    confirm: Some("Test-NetConnection HOST -Port PORT"),
    ..Remedy::new(
        "Try the port from a machine on the host's own network: if it opens there, something on \
         the way here filters it; if not, it is the host.",
        RunOn::Network,
    )
};

/// Firewalls and access lists on the way.
pub(super) const NETWORK_FIREWALL: Remedy = Remedy {
    confirm: Some("Test-NetConnection HOST -Port PORT -InformationLevel Detailed"),
    needs: Some("whoever runs the firewall; its log at the time shown"),
    ..Remedy::new(
        "Ask for the deny log of the firewalls and security groups between here and there at the \
         time shown, with this machine's address as the source.",
        RunOn::Network,
    )
};

/// Security products that look into RDP.
pub(super) const EXCLUDE_FROM_SCANNING: Remedy = Remedy {
    confirm: Some("connect once with the product's network protection paused, by whoever runs it"),
    needs: Some("whoever runs the security product"),
    impact: Some("that product does not look into Remote Desktop connections any more"),
    undo: Some("remove the exclusion"),
    weakens_security: true,
    ..Remedy::new(
        "If a security product scans network traffic on either side (Bitdefender, Kaspersky and \
         firewalls with inspection are the commonly reported ones), exclude Remote Desktop from \
         the scanning. Weakens security: for this host only.",
        RunOn::Client,
    )
};

// ------------------------------------------------------------------ security layer

/// The security layer, read.
const SECURITY_LAYER_QUERY: &str = "Format-List -InputObject (Get-CimInstance -ComputerName HOST -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting -Filter \"TerminalName='RDP-tcp'\") -Property SecurityLayer, UserAuthenticationRequired, PolicySource*";

/// TLS as the security layer.
pub(super) const RAISE_SECURITY_LAYER: Remedy = Remedy {
    confirm: Some(SECURITY_LAYER_QUERY),
    commands: &[
        "Invoke-CimMethod -InputObject (Get-CimInstance -ComputerName HOST -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting -Filter \"TerminalName='RDP-tcp'\") -MethodName SetSecurityLayer -Arguments @{SecurityLayer=[uint32]2}",
    ],
    needs: Some("administrator rights on HOST; WinRM open to it"),
    impact: Some("new connections only; clients without TLS cannot connect any more"),
    undo: Some("the same call with the value read before"),
    ..Remedy::new(
        "Let the host use TLS: security layer 2 (SSL), or 1 (negotiate) where old clients remain; \
         by policy under Remote Desktop Session Host > Security.",
        RunOn::Host,
    )
};

/// A lower security layer: the way round that guides name first.
pub(super) const LOWER_SECURITY_LAYER: Remedy = Remedy {
    confirm: Some(SECURITY_LAYER_QUERY),
    commands: &[
        "Invoke-CimMethod -InputObject (Get-CimInstance -ComputerName HOST -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting -Filter \"TerminalName='RDP-tcp'\") -MethodName SetSecurityLayer -Arguments @{SecurityLayer=[uint32]0}",
    ],
    needs: Some("administrator rights on HOST; WinRM open to it"),
    impact: Some("passwords and screens travel WITHOUT TLS, and nothing proves which host answers"),
    undo: Some("the same call with the value read before (usually 2)"),
    weakens_security: true,
    ..Remedy::new(
        "Only to get in and repair it: lower the security layer to RDP. Weakens security; take it \
         back at once.",
        RunOn::Host,
    )
};

/// NLA on.
pub(super) const ENABLE_NLA: Remedy = Remedy {
    confirm: Some(SECURITY_LAYER_QUERY),
    commands: &[
        "Invoke-CimMethod -InputObject (Get-CimInstance -ComputerName HOST -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting -Filter \"TerminalName='RDP-tcp'\") -MethodName SetUserAuthenticationRequired -Arguments @{UserAuthenticationRequired=[uint32]1}",
    ],
    needs: Some("administrator rights on HOST; WinRM open to it"),
    impact: Some("new connections only; clients without NLA cannot connect any more"),
    undo: Some("the same call with UserAuthenticationRequired=[uint32]0"),
    ..Remedy::new(
        "Require NLA: \"Allow connections only from computers running Remote Desktop with Network \
         Level Authentication\", or by policy under Remote Desktop Session Host > Security.",
        RunOn::Host,
    )
};

/// NLA off.
pub(super) const DISABLE_NLA: Remedy = Remedy {
    confirm: Some(SECURITY_LAYER_QUERY),
    commands: &[
        "Invoke-CimMethod -InputObject (Get-CimInstance -ComputerName HOST -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting -Filter \"TerminalName='RDP-tcp'\") -MethodName SetUserAuthenticationRequired -Arguments @{UserAuthenticationRequired=[uint32]0}",
    ],
    needs: Some("administrator rights on HOST; WinRM open to it"),
    impact: Some("ANYBODY who reaches the port gets a sign-in screen"),
    undo: Some("the same call with UserAuthenticationRequired=[uint32]1"),
    weakens_security: true,
    ..Remedy::new(
        "Only as a test: turn NLA off. Weakens security; take it back at once.",
        RunOn::Host,
    )
};

/// Both ends up to date.
pub(super) const UPDATE_BOTH: Remedy = Remedy {
    confirm: Some("Invoke-Command HOST { Get-HotFix }"),
    impact: Some("updates usually RESTART the machine"),
    ..Remedy::new("Install the pending updates on both ends.", RunOn::Host)
};

// ------------------------------------------------------------------ name

/// The way round a broken name.
pub(super) const DIAL_ADDRESS: Remedy = Remedy {
    confirm: Some("Test-NetConnection EXPECTED -Port PORT"),
    commands: &["mstsc /v:EXPECTED:PORT"],
    needs: Some("the address that the host should have (EXPECTED)"),
    impact: Some(
        "by address the client signs in with NTLM, not Kerberos, and the certificate's name does \
         not match",
    ),
    ..Remedy::new(
        "As a way round, connect by the address that is known to be right. (Also the commonly \
         reported way round a Windows 11 fault in the handshake by host name.)",
        RunOn::Client,
    )
};

/// This machine's own memory of names.
pub(super) const FLUSH_NAMES: Remedy = Remedy {
    confirm: Some(
        "Resolve-DnsName HOST; Select-String HOST $env:windir\\System32\\drivers\\etc\\hosts",
    ),
    commands: &["ipconfig /flushdns"],
    impact: Some("none"),
    ..Remedy::new(
        "Forget remembered names on the client, and look for a line in its hosts file.",
        RunOn::Client,
    )
};

/// The record itself.
pub(super) const FIX_RECORD: Remedy = Remedy {
    confirm: Some("Resolve-DnsName HOST -Type A_AAAA -DnsOnly"),
    commands: &["Invoke-Command HOST { ipconfig /registerdns }"],
    needs: Some("whoever runs the zone; at the PC itself when it cannot be reached by name"),
    impact: Some("none"),
    undo: Some("put the old record back"),
    ..Remedy::new(
        "Correct the record, or let the PC register itself again; check scavenging and the DHCP \
         server's updates if stale records keep coming back.",
        RunOn::Dns,
    )
};

/// Names over a VPN.
pub(super) const VPN_NAMES: Remedy = Remedy {
    confirm: Some(
        "Get-DnsClientNrptPolicy; Get-DnsClientServerAddress; Get-DnsClientGlobalSetting",
    ),
    needs: Some("whoever runs the VPN"),
    ..Remedy::new(
        "Over a VPN: check that its DNS servers and suffix are handed out, and that the split-DNS \
         rules send this name to them.",
        RunOn::Vpn,
    )
};

/// The name that Kerberos knows.
pub(super) const SERVICE_NAME: Remedy = Remedy {
    confirm: Some("setspn -Q TERMSRV/HOST; klist get TERMSRV/HOST"),
    needs: Some("a domain account; rights on the computer's account to change it"),
    ..Remedy::new(
        "If it fails only at the sign-in, and only by name: check that exactly one computer has \
         the SPN TERMSRV/HOST. An alias needs one of its own (setspn -S).",
        RunOn::Dns,
    )
};

// ------------------------------------------------------------------ path

/// The client's own radio.
pub(super) const USE_CABLE: Remedy = Remedy {
    confirm: Some("netsh wlan show interfaces"),
    impact: Some("none"),
    ..Remedy::new(
        "On Wi-Fi: try a cable, or move closer, and see whether the figures change.",
        RunOn::Client,
    )
};

/// Where on the way it begins.
pub(super) const FIND_HOP: Remedy = Remedy {
    confirm: Some("pathping -n HOST"),
    ..Remedy::new(
        "Find the first hop at which it begins: the own router, the VPN, or the far side. A hop \
         that answers badly while later ones answer well is not the culprit.",
        RunOn::Client,
    )
};

/// Another way through the VPN.
pub(super) const OTHER_VPN_NODE: Remedy = Remedy {
    impact: Some("running sessions reconnect"),
    ..Remedy::new(
        "Over a VPN: try another of its nodes, or the same work without the VPN where that is \
         allowed, and compare.",
        RunOn::Vpn,
    )
};

/// Where the way ends.
pub(super) const TRACE: Remedy = Remedy {
    confirm: Some("tracepath HOST"),
    ..Remedy::new(
        "Look where a trace to one of them ends, and whether the tunnel or line it leaves by is up.",
        RunOn::Monitor,
    )
};

/// The tunnel itself.
pub(super) const RECONNECT_VPN: Remedy =
    Remedy::new("If a VPN is in between: connect it again, then try another node.", RunOn::Client);

/// The VPN's packet size.
pub(super) const VPN_MTU: Remedy = Remedy {
    confirm: Some("ping -f -l 1322 HOST"),
    commands: &["netsh interface ipv4 set subinterface \"VPN\" mtu=1350 store=persistent"],
    needs: Some(
        "administrator rights on the client, or the VPN's own setting; the interface's name in place of \"VPN\"",
    ),
    impact: Some("running sessions over the VPN may reconnect"),
    undo: Some(
        "the same command with the MTU that `netsh interface ipv4 show subinterfaces` showed before",
    ),
    ..Remedy::new(
        "If small packets pass and large ones do not, lower the VPN's MTU, for example to 1350.",
        RunOn::Vpn,
    )
};

/// A larger MTU.
pub(super) const RAISE_MTU: Remedy = Remedy {
    confirm: Some("ping -f -l 1232 HOST"),
    impact: Some("running sessions over the VPN may reconnect"),
    ..Remedy::new(
        "Over a VPN: ask its team whether the tunnel can carry 1280 bytes or more; some set less \
         without need.",
        RunOn::Vpn,
    )
};

/// The ICMP message that TCP adapts to.
pub(super) const LET_FRAG_NEEDED_PASS: Remedy = Remedy {
    impact: Some("none"),
    ..Remedy::new(
        "Let ICMP type 3 code 4 (fragmentation needed) and ICMPv6 type 2 (packet too big) pass \
         every firewall on the way, or have the router in front of the small link keep TCP's \
         segments small (MSS clamping).",
        RunOn::Network,
    )
};

/// Without UDP.
pub(super) const UDP_OFF: Remedy = Remedy {
    confirm: Some(
        "reg query \"HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services\\Client\" /v fClientDisableUDP",
    ),
    commands: &[
        "reg add \"HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services\\Client\" /v fClientDisableUDP /t REG_DWORD /d 1 /f",
    ],
    needs: Some("administrator rights on the client"),
    impact: Some("new sessions of this client use TCP only; running ones go on"),
    undo: Some(
        "reg delete \"HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services\\Client\" /v fClientDisableUDP /f",
    ),
    ..Remedy::new("Switch UDP off on the client, to see whether sessions last then.", RunOn::Client)
};

/// Who drops UDP on the way.
pub(super) const UDP_FIREWALL: Remedy = Remedy {
    confirm: Some("Get-NetFirewallRule -CimSession HOST -Group '@FirewallAPI.dll,-28752'"),
    needs: Some("rights to read HOST's firewall; PowerShell remoting"),
    ..Remedy::new(
        "Look whether the firewall rule for Remote Desktop over UDP is still on at HOST, and \
         whether a firewall or VPN on the way lets UDP to port PORT pass.",
        RunOn::Network,
    )
};

/// Who switched UDP off on the host.
pub(super) const UDP_POLICY: Remedy = Remedy {
    confirm: Some(
        "reg query \"\\\\HOST\\HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services\" /v SelectTransport",
    ),
    needs: Some("rights to read HOST's registry"),
    ..Remedy::new(
        "Look whether a policy made HOST use TCP only (SelectTransport is 1): then it is wanted.",
        RunOn::Host,
    )
};

/// The client's side of a known fault.
pub(super) const UPDATE_CLIENT: Remedy = Remedy {
    confirm: Some("winver"),
    impact: Some("a restart of the client"),
    ..Remedy::new(
        "Install the current cumulative update on clients of Windows 11 24H2 or Server 2025.",
        RunOn::Client,
    )
};

// ------------------------------------------------------------------ sleep

/// A magic packet.
pub(super) const WAKE: Remedy = Remedy {
    commands: &["rdpwatch wake HOST"],
    needs: Some("its MAC address, and this machine (or a relay) on its own network"),
    impact: Some("starts the PC"),
    ..Remedy::new("Wake it (key w).", RunOn::Monitor)
};

/// Settings that let a PC be woken.
pub(super) const WAKE_SETTINGS: Remedy = Remedy {
    confirm: Some("powercfg /devicequery wake_armed; powercfg /a; Get-NetAdapterPowerManagement"),
    commands: &["Set-NetAdapterPowerManagement -Name Ethernet -WakeOnMagicPacket Enabled"],
    needs: Some(
        "administrator rights at the PC; its network card's name where it is not Ethernet; its \
         firmware setup for the rest",
    ),
    impact: Some("the network card stays powered while the PC sleeps"),
    undo: Some("Set-NetAdapterPowerManagement -Name Ethernet -WakeOnMagicPacket Disabled"),
    ..Remedy::new(
        "At the PC: allow its network card to wake it by magic packet, enable Wake on LAN in the \
         firmware, and turn fast start-up off (a PC that was shut down with it often does not \
         wake). Laptops with modern standby on Wi-Fi usually cannot be woken.",
        RunOn::Host,
    )
};

/// No sleep on mains power.
pub(super) const NEVER_SLEEP: Remedy = Remedy {
    confirm: Some("powercfg /query SCHEME_CURRENT SUB_SLEEP STANDBYIDLE"),
    commands: &["powercfg /change standby-timeout-ac 0"],
    needs: Some("administrator rights at the PC"),
    impact: Some("the PC uses more power"),
    undo: Some("powercfg /change standby-timeout-ac 30"),
    ..Remedy::new("Keep the PC from sleeping on mains power while it is needed.", RunOn::Host)
};

/// Somebody has to look.
pub(super) const WHY_RESTARTED: Remedy = Remedy {
    confirm: Some(
        "Get-WinEvent -ComputerName HOST -MaxEvents 5 -FilterHashtable @{LogName='System'; Id=1074,6005,6006,6008,41}",
    ),
    needs: Some("rights to read HOST's event log"),
    ..Remedy::new(
        "Ask the host why: 1074 names who restarted it (often Windows Update), 6008 and 41 \
             mean that it went down without being told to.",
        RunOn::Host,
    )
};

pub(super) const LOOK_AT_HOST: Remedy = Remedy {
    confirm: Some("Test-Connection HOST -Count 4 (from a machine on its own network)"),
    needs: Some("the hypervisor's or management card's console, or somebody on site"),
    ..Remedy::new(
        "Look at its console: powered off, hung, restarting for updates, or its network unplugged.",
        RunOn::Host,
    )
};

/// The program behind the port.
pub(super) const WHO_LISTENS: Remedy = Remedy {
    confirm: Some(
        "Invoke-Command HOST { Get-Process -Id (Get-NetTCPConnection -LocalPort PORT -State Listen).OwningProcess; netsh interface portproxy show all }",
    ),
    needs: REMOTING,
    ..Remedy::new(
        "Find out which program listens on the port, and whether a port proxy passes it on: \
         TermService runs inside svchost.",
        RunOn::Host,
    )
};

/// What the host logged.
pub(super) const RDP_EVENTS: Remedy = Remedy {
    confirm: Some(
        "Get-WinEvent -ComputerName HOST -LogName Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational -MaxEvents 20",
    ),
    needs: Some("rights to read HOST's event log"),
    ..Remedy::new(
        "Read the host's RdpCoreTS log at the time shown: 131 is a connection that arrived; what \
         follows says why it ended. No 131 at all means that something before the host answered.",
        RunOn::Host,
    )
};
