//! Remedies at an RD Gateway. `GATEWAY` and `GATEWAY_PORT` stand for its host and port.

use crate::domain::finding::{Remedy, RunOn};

const AT_GATEWAY: Option<&str> =
    Some("administrator rights on the gateway; PowerShell remoting, or the same at its console");

/// Where it lets nobody in, safe first.
pub(super) const REACH: &[Remedy] = &[TEST_FROM_CLIENT, SERVICES, BINDING, FIREWALL, DIRECTLY];

/// The same way, from where the users are.
pub(super) const TEST_FROM_CLIENT: Remedy = Remedy {
    confirm: Some("Resolve-DnsName GATEWAY; Test-NetConnection GATEWAY -Port GATEWAY_PORT"),
    ..Remedy::new(
        "Look its name up and try its port from where the users are: inside and outside often have \
         different answers.",
        RunOn::Client,
    )
};

/// The services.
pub(super) const SERVICES: Remedy = Remedy {
    confirm: Some(
        "Invoke-Command GATEWAY { Get-Service TSGateway, W3SVC, WAS; & $env:windir\\System32\\inetsrv\\appcmd.exe list apppool }",
    ),
    commands: &[
        "Invoke-Command GATEWAY { Start-Service WAS, W3SVC, TSGateway }",
        "Invoke-Command GATEWAY { & $env:windir\\System32\\inetsrv\\appcmd.exe start apppool DefaultAppPool }",
    ],
    needs: AT_GATEWAY,
    impact: Some("none: nobody gets through while they are stopped"),
    undo: Some("Invoke-Command GATEWAY { Stop-Service TSGateway }"),
    ..Remedy::new(
        "503, silence or a refused connection: start the services TSGateway and W3SVC and the \
         application pool of the site if they are stopped.",
        RunOn::Gateway,
    )
};

/// The certificate's binding.
pub(super) const BINDING: Remedy = Remedy {
    confirm: Some(
        "Invoke-Command GATEWAY { netsh http show sslcert; Get-Item RDS:\\GatewayServer\\SSLCertificate\\Thumbprint }",
    ),
    needs: AT_GATEWAY,
    ..Remedy::new(
        "TLS fails: check that a certificate with its private key is bound to the port (RD Gateway \
         Manager > Properties > SSL Certificate), and that no other program has it.",
        RunOn::Gateway,
    )
};

/// Firewalls before it.
pub(super) const FIREWALL: Remedy = Remedy {
    confirm: Some("Test-NetConnection GATEWAY -Port GATEWAY_PORT -InformationLevel Detailed"),
    needs: Some("whoever runs the firewall; its log at the time shown"),
    ..Remedy::new(
        "Ask for the deny log of the firewalls between here and the gateway at the time shown.",
        RunOn::Network,
    )
};

/// The same request, seen.
pub(super) const ASK_BY_HAND: Remedy = Remedy {
    confirm: Some(
        "curl.exe -k -i -X RDG_OUT_DATA https://GATEWAY:GATEWAY_PORT/remoteDesktopGateway/",
    ),
    ..Remedy::new(
        "Send the same request by hand, from here and from a machine beside the gateway: if only \
         the one beside it gets a 401, something between filters.",
        RunOn::Client,
    )
};

/// The role.
pub(super) const ROLE: Remedy = Remedy {
    confirm: Some(
        "Invoke-Command GATEWAY { Get-WindowsFeature RDS-Gateway; & $env:windir\\System32\\inetsrv\\appcmd.exe list vdir }",
    ),
    needs: AT_GATEWAY,
    ..Remedy::new(
        "404 or a 401 without schemes: check that the role RD Gateway is installed on the machine \
         that the name leads to, and that its site is the one on this port.",
        RunOn::Gateway,
    )
};

/// What stands in front.
pub(super) const IN_FRONT: Remedy = Remedy {
    confirm: Some(
        "Get-WinEvent -ComputerName GATEWAY -LogName Microsoft-Windows-TerminalServices-Gateway/Operational -MaxEvents 20",
    ),
    needs: Some("whoever runs the reverse proxy, web filter or load balancer"),
    impact: Some("the product in front passes these two methods on this path, and no others"),
    undo: Some("remove the exception"),
    ..Remedy::new(
        "405, 501 or a redirect: let the product in front pass the methods RDG_OUT_DATA and \
         RDG_IN_DATA on /remoteDesktopGateway/ to the gateway, without a sign-in page of its own.",
        RunOn::Network,
    )
};

/// The old transport.
pub(super) const OTHER_TRANSPORT: Remedy = Remedy {
    confirm: Some(
        "reg query \"HKCU\\Software\\Microsoft\\Terminal Server Client\" /v RDGClientTransport",
    ),
    commands: &[
        "reg add \"HKCU\\Software\\Microsoft\\Terminal Server Client\" /v RDGClientTransport /t REG_DWORD /d 1 /f",
    ],
    needs: Some("the user's own account on the client"),
    impact: Some("connections of this user use RPC over HTTP, without UDP"),
    undo: Some(
        "reg delete \"HKCU\\Software\\Microsoft\\Terminal Server Client\" /v RDGClientTransport /f",
    ),
    ..Remedy::new(
        "As a way round a filter that cannot be changed: let the client use the older transport, \
         RPC over HTTP, where the gateway still offers it.",
        RunOn::Client,
    )
};

/// Without the gateway.
pub(super) const DIRECTLY: Remedy = Remedy {
    confirm: Some("Test-NetConnection HOST -Port PORT"),
    impact: Some("none on running sessions"),
    undo: Some("choose the gateway again in the same place"),
    ..Remedy::new(
        "On the host's own network or over a VPN, connect without the gateway until it is mended: \
         Advanced > Connect from anywhere > Do not use an RD Gateway server.",
        RunOn::Client,
    )
};

/// The detour avoided.
pub(super) const BYPASS_LOCAL: Remedy = Remedy {
    confirm: Some("Test-NetConnection HOST -Port PORT"),
    impact: Some("clients on the host's network connect directly"),
    undo: Some("gatewayusagemethod:i:1 in the .rdp file"),
    ..Remedy::new(
        "Let clients bypass the gateway for local addresses (Advanced > Connect from anywhere, or \
         gatewayusagemethod:i:2 in the .rdp file); tell rdpwatch with gateway_usage = \
         \"when-direct-fails\".",
        RunOn::Client,
    )
};

/// A certificate for the gateway.
pub(super) const RENEW: Remedy = Remedy {
    confirm: Some(
        "Invoke-Command GATEWAY { Get-Item RDS:\\GatewayServer\\SSLCertificate\\Thumbprint; Get-ChildItem Cert:\\LocalMachine\\My }",
    ),
    needs: AT_GATEWAY,
    impact: Some(
        "binding another certificate RESTARTS the gateway's service and ENDS EVERY SESSION through it",
    ),
    undo: Some("bind the old certificate again"),
    ..Remedy::new(
        "Get a certificate for the name that clients dial, from an authority that they trust, and \
         bind it: RD Gateway Manager > Properties > SSL Certificate.",
        RunOn::Gateway,
    )
};

/// The rest of the chain.
pub(super) const INTERMEDIATE: Remedy = Remedy {
    confirm: Some(
        "Invoke-Command GATEWAY { Get-ChildItem Cert:\\LocalMachine\\CA }; certutil -urlfetch -verify gateway.cer",
    ),
    needs: Some("administrator rights on the gateway; its certificate saved as gateway.cer"),
    ..Remedy::new(
        "If the issuer is a public authority, install its intermediate certificate on the gateway, \
         so that it is sent along: some clients do not fetch it.",
        RunOn::Gateway,
    )
};

/// Clocks, here and there.
pub(super) const CLOCKS: Remedy = Remedy {
    confirm: Some("w32tm /stripchart /computer:GATEWAY /samples:3 /dataonly"),
    needs: Some("UDP 123 open to the gateway; or a look at both clocks"),
    ..Remedy::new(
        "If the dates look right to the gateway and wrong to this machine, compare the two clocks \
         before anything is renewed.",
        RunOn::Monitor,
    )
};

/// A private authority, made known.
pub(super) const TRUST_HERE: Remedy = Remedy {
    confirm: Some("certutil -store Root (on a client)"),
    commands: &["SSL_CERT_FILE=/path/to/authority.pem rdpwatch check HOST"],
    needs: Some("the authority's certificate as a file"),
    impact: Some("none: rdpwatch only reads it"),
    ..Remedy::new(
        "If it is your own authority and all clients have it, install it on this machine too, or \
         name its file in SSL_CERT_FILE: rdpwatch then judges as the clients do.",
        RunOn::Monitor,
    )
};
