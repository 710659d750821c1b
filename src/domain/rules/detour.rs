//! What a direct way that fails comes to where users take a gateway then.

use super::prelude::*;
use crate::domain::target::{GatewayAddress, GatewayUsage};
use crate::domain::text::excerpt;

/// The gateway that users take where the direct way fails, which answers.
pub(super) struct Detour<'a> {
    gateway: &'a GatewayAddress,
    /// The host never answered directly, in this run or an earlier one.
    pub(super) never_direct: bool,
}

/// The gateway that users of `view` take at this moment, when its answer was seen.
pub(super) fn detour<'a>(view: &TargetView<'a>) -> Option<Detour<'a>> {
    let gateway = view.target.gateway.as_ref();
    let gateway = gateway.filter(|gateway| gateway.usage == GatewayUsage::WhenDirectFails)?;
    view.gateway_measured().filter(|entry| entry.value.answers())?;
    let never_direct = view.memory.last_answer.is_none() && view.last_answer().is_none();
    Some(Detour { gateway, never_direct })
}

impl Detour<'_> {
    /// How bad it is that the direct way fails.
    pub(super) const fn severity(&self) -> Severity {
        if self.never_direct { Severity::Notice } else { Severity::Warning }
    }

    /// `the gateway gw.corp.lab, which answers`.
    pub(super) fn words(&self) -> String {
        format!("the gateway {}, which answers", excerpt(&self.gateway.to_string(), 60))
    }
}
