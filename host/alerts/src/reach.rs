//! Which addresses may be connected to.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far a webhook may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Addresses of the public internet alone.
    Public,
    /// Loopback, private and link-local addresses too.
    Private,
}

impl Reach {
    /// As a webhook's `allow_private` says.
    pub fn of(allow_private: bool) -> Self {
        if allow_private { Self::Private } else { Self::Public }
    }

    /// Whether a connection to this address may be made.
    pub fn allows(self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::Public, IpAddr::V4(address)) => is_public_v4(address),
            (Self::Public, IpAddr::V6(address)) => is_public_v6(address),
            // What is no single machine is nobody's webhook.
            (Self::Private, address) => {
                let address = address.to_canonical();
                let broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
                !(address.is_multicast() || address.is_unspecified() || broadcast)
            }
        }
    }
}

/// What IANA's registry of special-purpose addresses calls globally reachable
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// The same for IPv6: global unicast, less what is set apart in it, and less what only wraps an IPv4
/// address that is not public.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        // IPv4-mapped is IPv4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(v4(high, low))
        }
        // 6to4.
        [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Protocol assignments with Teredo, and documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

/// Finds a name's addresses, and gives only those that may be connected to: what a name points to is
/// judged at each try, on the very addresses that the connection is made to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judge(pub(crate) Reach);

impl Resolve for Judge {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let name = name.as_str();
            let found: Vec<_> = tokio::net::lookup_host((name, 0)).await?.collect();
            let (good, bad): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|address| reach.allows(address.ip()));
            match bad.first().filter(|_| good.is_empty()) {
                Some(bad) => Err(not_allowed(name, bad.ip()).into()),
                None => Ok(Box::new(good.into_iter()) as Addrs),
            }
        })
    }
}

pub(crate) fn not_allowed(name: &str, address: IpAddr) -> String {
    let at = if name == address.to_string() { String::new() } else { format!("{name} is at ") };
    format!(
        "{at}{address}, which is no public address; such are called only where the webhook allows private addresses"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "5f00::1",
        ] {
            let address: IpAddr = private.parse().expect("an address");
            assert!(!Reach::Public.allows(address), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00::1",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            let address: IpAddr = public.parse().expect("an address");
            assert!(Reach::Public.allows(address), "{public}");
        }
    }

    #[test]
    fn what_is_no_machine_is_never_called() {
        for nobody in ["0.0.0.0", "255.255.255.255", "224.0.0.1", "ff02::1", "::", "::ffff:224.0.0.1"] {
            assert!(!Reach::Private.allows(nobody.parse().expect("an address")), "{nobody}");
        }
        for near in ["127.0.0.1", "::1", "10.0.0.1", "fd00::1", "8.8.8.8"] {
            assert!(Reach::Private.allows(near.parse().expect("an address")), "{near}");
        }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_what_it_points_to() {
        let name = |text: &str| text.parse::<Name>().expect("a name");
        let Err(error) = Judge(Reach::Public).resolve(name("localhost")).await else {
            panic!("localhost is no public address");
        };
        assert!(error.to_string().contains("no public address"), "{error}");
        let found = Judge(Reach::Private).resolve(name("localhost")).await.expect("it is allowed");
        assert!(found.count() > 0);
    }
}
