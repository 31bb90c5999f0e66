//! The tree over a log that RFC 6962 describes: one hash stands for every entry, and a few hashes prove that an entry is in
//! it, or that a longer log has everything a shorter one had.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::hex;

/// A SHA-256.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS), ts(as = "String"))]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of these parts, one behind the other.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        parts.iter().for_each(|part| hasher.update(part));
        Self(hasher.finalize().into())
    }

    /// One that was kept as bytes; none where there are not 32.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(&text).and_then(|bytes| Self::from_slice(&bytes));
        bytes.ok_or_else(|| serde::de::Error::custom("not a SHA-256 in hexadecimal digits"))
    }
}

/// The hash of an entry.
pub fn leaf(entry: &[u8]) -> Digest {
    Digest::of(&[&[0], entry])
}

/// The hash of two neighbours.
pub fn node(left: &Digest, right: &Digest) -> Digest {
    Digest::of(&[&[1], &left.0, &right.0])
}

/// The hash of all leaves.
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(&[]),
        [leaf] => *leaf,
        leaves => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The largest power of two below a number above one.
fn split(size: usize) -> usize {
    1 << (usize::BITS - 1 - (size - 1).leading_zeros())
}

/// What proves that a leaf is in the tree of these leaves; none where there is no such leaf.
pub fn inclusion(leaves: &[Digest], index: usize) -> Option<Vec<Digest>> {
    if index >= leaves.len() {
        return None;
    }
    if leaves.len() == 1 {
        return Some(Vec::new());
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, other) = match index.checked_sub(left.len()) {
        None => (inclusion(left, index)?, root(right)),
        Some(index) => (inclusion(right, index)?, root(left)),
    };
    proof.push(other);
    Some(proof)
}

/// Whether a proof shows that a leaf stands at this place in the tree of so many leaves with this root.
pub fn is_included(leaf: &Digest, index: u64, size: u64, proof: &[Digest], root: &Digest) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node(sibling, &hash);
            (at, last) = up_to_a_right_child(at, last);
        } else {
            hash = node(&hash, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Past the levels at which a last node has no neighbour.
fn up_to_a_right_child(mut at: u64, mut last: u64) -> (u64, u64) {
    while at & 1 == 0 && at != 0 {
        (at, last) = (at >> 1, last >> 1);
    }
    (at, last)
}

/// What proves that the tree of these leaves goes on from the tree of the first so many of them; none where there are fewer.
pub fn consistency(leaves: &[Digest], old: usize) -> Option<Vec<Digest>> {
    match old {
        _ if old > leaves.len() => None,
        0 => Some(Vec::new()),
        old => Some(part(leaves, old, true)),
    }
}

fn part(leaves: &[Digest], old: usize, is_known: bool) -> Vec<Digest> {
    if old == leaves.len() {
        return if is_known { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, other) = match old.checked_sub(left.len()) {
        None | Some(0) => (part(left, old, is_known), root(right)),
        Some(old) => (part(right, old, false), root(left)),
    };
    proof.push(other);
    proof
}

/// Whether a proof shows that the tree with `new` leaves goes on from the one with `old` of them.
pub fn is_consistent(old: u64, new: u64, proof: &[Digest], old_root: &Digest, new_root: &Digest) -> bool {
    if old > new {
        return false;
    }
    if old == 0 || old == new {
        return proof.is_empty() && (old == 0 || old_root == new_root);
    }
    let known = old.is_power_of_two().then_some(old_root);
    let mut proof = known.into_iter().chain(proof);
    let Some(first) = proof.next() else { return false };
    let shift = (old - 1).trailing_ones();
    let (mut at, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut of_old, mut of_new) = (*first, *first);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            (of_old, of_new) = (node(sibling, &of_old), node(sibling, &of_new));
            (at, last) = up_to_a_right_child(at, last);
        } else {
            of_new = node(&of_new, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && of_old == *old_root && of_new == *new_root
}

/// The roots of the whole trees that a log is made of, largest first: enough to add a leaf and to know the root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Peaks(Vec<Digest>);

impl Peaks {
    /// Of these leaves.
    pub fn of(leaves: impl IntoIterator<Item = Digest>) -> Self {
        let mut peaks = Self::default();
        (0..).zip(leaves).for_each(|(size, leaf)| peaks.add(size, leaf));
        peaks
    }

    /// Those that were kept as bytes; none where they are not those of a log of this size.
    pub fn from_bytes(bytes: &[u8], size: u64) -> Option<Self> {
        let peaks: Option<Vec<_>> = bytes.chunks(32).map(Digest::from_slice).collect();
        peaks.filter(|peaks| peaks.len() == size.count_ones() as usize).map(Self)
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|peak| peak.0).collect()
    }

    /// Whether they are as many as a log of this size has.
    pub fn are_of(&self, size: u64) -> bool {
        self.0.len() == size.count_ones() as usize
    }

    /// Adds a leaf behind so many.
    pub fn add(&mut self, size: u64, leaf: Digest) {
        let mut top = leaf;
        for _ in 0..size.trailing_ones() {
            let Some(left) = self.0.pop() else { break };
            top = node(&left, &top);
        }
        self.0.push(top);
    }

    /// The hash of all leaves.
    pub fn root(&self) -> Digest {
        let mut peaks = self.0.iter().rev().copied();
        let Some(smallest) = peaks.next() else { return Digest::of(&[]) };
        peaks.fold(smallest, |right, left| node(&left, &right))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The entries and the roots that every implementation of RFC 6962 is tried with.
    const ENTRIES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn leaves() -> Vec<Digest> {
        ENTRIES.iter().map(|entry| leaf(&hex::decode(entry).unwrap())).collect()
    }

    fn texts(proof: Option<Vec<Digest>>) -> Vec<String> {
        proof.unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn roots_are_those_of_the_standard() {
        let leaves = leaves();
        for (size, expected) in ROOTS.iter().enumerate() {
            assert_eq!(root(&leaves[..size]).to_string(), *expected, "{size}");
            assert_eq!(Peaks::of(leaves[..size].iter().copied()).root().to_string(), *expected, "{size}");
        }
    }

    #[test]
    fn proofs_are_those_of_the_standard() {
        let leaves = leaves();
        assert_eq!(
            texts(inclusion(&leaves, 0)),
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ]
        );
        assert_eq!(
            texts(inclusion(&leaves, 5)),
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert_eq!(
            texts(consistency(&leaves, 6)),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert_eq!(
            texts(consistency(&leaves[..5], 2)),
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ]
        );
    }

    fn many(size: usize) -> Vec<Digest> {
        (0..size as u64).map(|number| leaf(&number.to_le_bytes())).collect()
    }

    proptest! {
        #[test]
        fn what_is_in_a_tree_is_proven_and_nothing_else(size in 1_usize..70, at in 0_usize..70, lie in 0_usize..9) {
            let (leaves, at) = (many(size), at % size);
            let (proof, top) = (inclusion(&leaves, at).unwrap(), root(&leaves));
            let (place, size) = (at as u64, size as u64);
            prop_assert!(is_included(&leaves[at], place, size, &proof, &top));
            prop_assert!(!is_included(&leaf(b"another"), place, size, &proof, &top));
            prop_assert!(!is_included(&leaves[at], place, size, &proof, &leaf(b"another")));
            prop_assert!(!is_included(&leaves[at], size, size, &proof, &top));
            let mut longer = proof.clone();
            longer.push(top);
            prop_assert!(!is_included(&leaves[at], place, size, &longer, &top));
            if let Some(known) = proof.get(lie) {
                let mut wrong = proof.clone();
                wrong[lie] = node(known, known);
                prop_assert!(!is_included(&leaves[at], place, size, &wrong, &top));
                prop_assert!(!is_included(&leaves[at], place, size, &proof[1..], &top));
            }
        }

        #[test]
        fn a_log_that_goes_on_is_proven_and_no_other(old in 0_usize..70, more in 0_usize..70, changed in 0_usize..70) {
            let (leaves, new) = (many(old + more), old + more);
            let proof = consistency(&leaves, old).unwrap();
            let (old_root, new_root) = (root(&leaves[..old]), root(&leaves));
            let sizes = (old as u64, new as u64);
            prop_assert!(is_consistent(sizes.0, sizes.1, &proof, &old_root, &new_root));
            if old > 0 {
                let mut other = leaves.clone();
                other[changed % old] = leaf(b"another");
                let proof = consistency(&other, old).unwrap();
                prop_assert!(!is_consistent(sizes.0, sizes.1, &proof, &old_root, &root(&other)));
            }
            if more > 0 {
                prop_assert!(!is_consistent(sizes.1, sizes.0, &proof, &new_root, &old_root));
            }
        }

        #[test]
        fn a_tree_that_grows_is_the_tree(size in 0_usize..200) {
            let leaves = many(size);
            let peaks = Peaks::of(leaves.iter().copied());
            prop_assert_eq!(peaks.root(), root(&leaves));
            prop_assert_eq!(Peaks::from_bytes(&peaks.to_bytes(), size as u64), Some(peaks));
            prop_assert_eq!(Peaks::from_bytes(&[1; 31], 1), None);
        }
    }

    #[test]
    fn there_is_no_proof_of_what_is_not_there() {
        assert_eq!((inclusion(&many(3), 3), consistency(&many(3), 4)), (None, None));
        assert!(serde_json::from_str::<Digest>("\"00\"").is_err());
    }
}
