//! Who is at the other end of a connection, as far as the channel proved it.

use std::net::IpAddr;

use hefu_tally::ids::DeviceId;

use crate::guards::{
    channel,
    limits::{RateKey, network_of},
};

/// The peer of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) channel: Channel,
}

/// What the channel proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// No TLS, for tests and measurements: whatever device a request claims is believed as far as
    /// its signature goes.
    DangerousPlain,
    /// TLS, and no certificate: enough for enrolment.
    Anonymous,
    /// TLS with the device's own certificate.
    Device(DeviceId),
    /// TLS with a certificate of our own authority that is not good for anything now.
    Refused(channel::Reason),
}

impl Peer {
    /// Whether TLS protects the connection.
    pub(crate) fn is_tls(&self) -> bool {
        self.channel != Channel::DangerousPlain
    }

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
