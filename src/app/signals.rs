//! Signals that end or stop the dashboard: a killed dashboard leaves a usable terminal.

use std::io;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// End: SIGINT, SIGTERM, SIGHUP.
    End,
    /// Stop as a job of the shell: SIGTSTP.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no job control there"))]
    Stop,
}

#[cfg(unix)]
mod imp {
    use super::{Signal, io};
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    /// The signals of this process.
    #[derive(Debug)]
    pub(in crate::app) struct Signals {
        interrupt: Stream,
        terminate: Stream,
        hangup: Stream,
        stop: Stream,
    }

    impl Signals {
        /// Begins to listen; from here on these signals no longer kill.
        pub(in crate::app) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hangup: signal(SignalKind::hangup())?,
                stop: signal(SignalKind::from_raw(nix::libc::SIGTSTP))?,
            })
        }

        /// The next one.
        pub(in crate::app) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::End,
                _ = self.terminate.recv() => Signal::End,
                _ = self.hangup.recv() => Signal::End,
                _ = self.stop.recv() => Signal::Stop,
            }
        }
    }

    /// Waits until a command that starts others is to end, with what it started. From the call on, not
    /// only once it is waited for, these signals no longer kill.
    pub(in crate::app) fn ended() -> impl Future<Output = ()> {
        let streams = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let streams = streams.into_iter().map(signal).collect::<io::Result<Vec<_>>>();
        async {
            let Ok(streams) = streams else { return std::future::pending().await };
            let waiting = streams.into_iter().map(|mut stream| {
                Box::pin(async move {
                    stream.recv().await;
                })
            });
            futures_util::future::select_all(waiting).await;
        }
    }

    /// Stops this process as SIGTSTP would have; returns after SIGCONT.
    pub(in crate::app) fn stop_here() {
        let _stopped = nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP);
    }
}

#[cfg(not(unix))]
mod imp {
    use super::{Signal, io};

    /// The signals of this process.
    #[derive(Debug)]
    pub(in crate::app) struct Signals;

    impl Signals {
        /// Begins to listen.
        #[expect(clippy::unnecessary_wraps, reason = "on Unix it may fail")]
        pub(in crate::app) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        /// Ctrl-C from outside; there is nothing else here.
        pub(in crate::app) async fn next(&mut self) -> Signal {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            Signal::End
        }
    }

    /// Waits until a command that started others is to end, with what it started.
    pub(in crate::app) async fn ended() {
        Signals.next().await;
    }

    /// There is no job control here.
    pub(in crate::app) fn stop_here() {}
}

pub(super) use imp::{Signals, ended, stop_here};
