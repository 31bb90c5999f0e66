//! Members of a document as a sheet wants them.

use std::collections::HashMap;

use backstory_core::{
    json::{Kind, Value},
    sheet::Currency,
};

/// A number on a sheet. Nothing on a sheet is beyond ±999,999; a damaged document cannot make sums overflow.
pub(crate) fn small(value: Value<'_>) -> Option<i32> {
    i32::try_from(value.as_i64()?.clamp(-999_999, 999_999)).ok()
}

/// A member that is a number on a sheet; 0 where it is absent or null.
pub(crate) fn small_or_zero(value: Value<'_>, key: &str) -> i32 {
    value.get(key).and_then(small).unwrap_or(0)
}

/// A member that counts something; 0 where it is absent, null or negative.
pub(crate) fn count(value: Value<'_>, key: &str) -> u32 {
    u32::try_from(small_or_zero(value, key)).unwrap_or(0)
}

/// Whether a value says something: null, an empty text or list, `false` and 0 do not.
pub(crate) fn says_something(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Null => false,
        Kind::Array => value.items().next().is_some(),
        Kind::Object => value.members().next().is_some(),
        Kind::String => value.as_str().is_some_and(|text| !text.is_empty()),
        Kind::Bool => value.as_bool() == Some(true),
        Kind::Number => value.as_f64() != Some(0.0),
    }
}

/// Makes the keys of a list distinct: the second of the same key gets `~2`.
#[derive(Default)]
pub(crate) struct Keys(HashMap<String, u32>);

impl Keys {
    pub(crate) fn distinct(&mut self, key: String) -> String {
        let count = self.0.entry(key.clone()).or_insert(0);
        *count += 1;
        if *count == 1 { key } else { format!("{key}~{count}") }
    }
}

/// Adds the coins of a purse, which every source writes alike.
pub(crate) fn add_coins(sum: &mut Currency, coins: Option<Value<'_>>) {
    let Some(coins) = coins else { return };
    let coin = |key| coins.int(key).unwrap_or(0);
    sum.cp = sum.cp.saturating_add(coin("cp"));
    sum.sp = sum.sp.saturating_add(coin("sp"));
    sum.ep = sum.ep.saturating_add(coin("ep"));
    sum.gp = sum.gp.saturating_add(coin("gp"));
    sum.pp = sum.pp.saturating_add(coin("pp"));
}
