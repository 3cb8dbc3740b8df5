//! Who is at the other end of a connection, as far as the channel proved it.

use std::net::IpAddr;

use hefu_tally::ids::DeviceId;

use crate::{
    guards::{
        channel,
        limits::{RateKey, network_of},
    },
    transport::first_record::Protocol,
};

/// The peer of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// What protects the connection; none on [`Channel::DangerousPlain`].
    pub(crate) protocol: Option<Protocol>,
    pub(crate) channel: Channel,
}

/// What the channel proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// No TLS, for tests and measurements: whatever device a request claims is believed as far as
    /// its signature goes.
    DangerousPlain,
    /// TLS or TLCP, and no certificate: enough for enrolment.
    Anonymous,
    /// TLS or TLCP with the device's own certificate.
    Device(DeviceId),
    /// TLS or TLCP with a certificate of our own authority that is not good for anything now.
    Refused(channel::Reason),
}

impl Peer {
    /// PROTOCOL §2: whether the connection is that device's own.
    pub(crate) fn is_device(&self, device: DeviceId) -> bool {
        matches!(self.channel, Channel::DangerousPlain) || self.channel == Channel::Device(device)
    }

    /// Whose requests are counted together.
    pub(crate) fn rate_key(&self) -> RateKey {
        match self.channel {
            Channel::Device(device) => RateKey::Device(device),
            Channel::DangerousPlain | Channel::Anonymous | Channel::Refused(_) => {
                RateKey::Peer(network_of(self.address))
            }
        }
    }
}
