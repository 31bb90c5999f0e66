//! The time of capture in a file's name.
//!
//! Understood, anywhere in the name:
//! `2025-07-16T00-03-54.833496` and the like (a date; `T`, `_`, `-`, `.` or a blank; hours, minutes and perhaps seconds and a fraction,
//! with `-`, `:`, `_`, `.` or nothing between them; perhaps `Z` or `+02:00`) · `2025-07-16` alone, which is its midnight ·
//! `20250716T000354` and `20250716_0003` · `20250716` alone, unless the name begins with it and goes on (that may be a character's number) ·
//! ten or thirteen digits alone, as seconds or milliseconds since 1970, for 2001 to 2065.
//! A time without a zone is UTC: that is how tools that save characters name their files. Of several the last with a time of day counts.

use jiff::{Timestamp, civil};

/// When a file was captured, as far as its name says.
pub(super) fn captured_at(name: &str) -> Option<Timestamp> {
    let stem = name.strip_suffix(".json").or_else(|| name.strip_suffix(".JSON")).unwrap_or(name);
    let mut best: Option<(bool, Timestamp)> = None;
    let mut at = 0;
    while at < stem.len() {
        let digits = digits(stem, at);
        if digits == 0 {
            at += stem[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        match time_at(stem, at, digits) {
            Some((timed, time, end)) => {
                if best.is_none_or(|(before, _)| timed >= before) {
                    best = Some((timed, time));
                }
                at = end;
            }
            None => at += digits,
        }
    }
    best.map(|(_, time)| time)
}

/// How many digits stand there.
fn digits(text: &str, at: usize) -> usize {
    text.as_bytes()[at..].iter().take_while(|b| b.is_ascii_digit()).count()
}

/// A time at this place: whether it has a time of day, the time, and where it ends.
fn time_at(text: &str, at: usize, run: usize) -> Option<(bool, Timestamp, usize)> {
    if let Some(time) = epoch(&text[at..at + run]) {
        return Some((true, time, at + run));
    }
    let mut reader = Reader { text, at };
    let compact = run == 8 || run == 14;
    let date = if compact { reader.date("")? } else { reader.date("-._")? };
    if let Some(time) = reader.time(run == 14) {
        return Some((true, reader.zoned(date, time)?, reader.at));
    }
    let number = compact && at == 0 && reader.at < text.len();
    let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    (!number && digits(text, reader.at) == 0).then_some((false, midnight, reader.at))
}

fn epoch(digits: &str) -> Option<Timestamp> {
    let number: i64 = digits.parse().ok()?;
    match digits.len() {
        10 if (1_000_000_000..3_000_000_000).contains(&number) => Timestamp::from_second(number).ok(),
        13 if (1_000_000_000_000..3_000_000_000_000).contains(&number) => {
            Timestamp::from_millisecond(number).ok()
        }
        _ => None,
    }
}

/// Reads parts of a time, and moves on only over what it has read.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    /// So many digits.
    fn number(&mut self, length: usize) -> Option<i16> {
        let number = self.text.get(self.at..self.at + length)?;
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        self.at += length;
        number.parse().ok()
    }

    /// One of these characters; none of them where the list is empty.
    fn one_of(&mut self, characters: &str) -> Option<char> {
        let character = self.text[self.at..].chars().next().filter(|c| characters.contains(*c))?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn date(&mut self, separators: &str) -> Option<civil::Date> {
        let year = self.number(4).filter(|year| (2000..2100).contains(year))?;
        let separator = if separators.is_empty() { None } else { Some(self.one_of(separators)?) };
        let month = self.number(2)?;
        if let Some(separator) = separator {
            self.one_of(separator.encode_utf8(&mut [0; 4]))?;
        }
        let day = self.number(2)?;
        civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    /// A time of day after a date; nothing is read unless it is one.
    fn time(&mut self, joined: bool) -> Option<civil::Time> {
        let start = self.at;
        let time = self.time_of_day(joined);
        // 2023-01-30_1234567 is a date and a number.
        if time.is_none() || digits(self.text, self.at) > 0 {
            self.at = start;
            return None;
        }
        time
    }

    fn time_of_day(&mut self, joined: bool) -> Option<civil::Time> {
        if !joined {
            self.one_of("T_-. t")?;
        }
        let hour = i8::try_from(self.number(2)?).ok()?;
        let separator = self.one_of("-:_.");
        let minute = i8::try_from(self.number(2)?).ok()?;
        let before = self.at;
        let more = separator.is_none() || self.one_of("-:_.").is_some();
        let Some(second) = more.then(|| self.number(2)).flatten() else {
            self.at = before;
            return civil::Time::new(hour, minute, 0, 0).ok();
        };
        civil::Time::new(hour, minute, i8::try_from(second).ok()?, self.fraction()).ok()
    }

    /// A fraction of a second, in nanoseconds.
    fn fraction(&mut self) -> i32 {
        let start = self.at;
        let length = if self.one_of(".,").is_some() { digits(self.text, self.at) } else { 0 };
        if length == 0 {
            self.at = start;
            return 0;
        }
        let digits = &self.text[self.at..self.at + length];
        self.at += length;
        format!("{digits:0<9}")[..9].parse().unwrap_or(0)
    }

    /// The moment, with the zone that may follow.
    fn zoned(&mut self, date: civil::Date, time: civil::Time) -> Option<Timestamp> {
        let utc = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        if self.one_of("Zz").is_some() || self.one_of("+").is_none() {
            return Some(utc);
        }
        let hours = i64::from(self.number(2)?);
        self.one_of("-:_.");
        let minutes = i64::from(self.number(2).unwrap_or(0));
        utc.checked_sub(jiff::SignedDuration::from_mins(hours * 60 + minutes)).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(name: &str) -> String {
        captured_at(name).map_or_else(|| "none".to_owned(), |time| time.to_string())
    }

    #[test]
    fn times_in_names() {
        assert_eq!(at("2025-07-16T00-03-54.833496.json"), "2025-07-16T00:03:54.833496Z");
        assert_eq!(at("2025-07-16T00:03:54Z.json"), "2025-07-16T00:03:54Z");
        assert_eq!(at("2025-07-16T02-03-54+02-00.json"), "2025-07-16T00:03:54Z");
        assert_eq!(at("93018430_claire-eick_cleric3-druid2_2023-01-30.json"), "2023-01-30T00:00:00Z");
        assert_eq!(at("2023-01-30.json"), "2023-01-30T00:00:00Z");
        assert_eq!(at("bob 2023-01-30 10.15.json"), "2023-01-30T10:15:00Z");
        assert_eq!(at("20230130T101500.json"), "2023-01-30T10:15:00Z");
        assert_eq!(at("20230130_101500.json"), "2023-01-30T10:15:00Z");
        assert_eq!(at("bob-20230130101500.json"), "2023-01-30T10:15:00Z");
        assert_eq!(at("bob_20230130.json"), "2023-01-30T00:00:00Z");
        assert_eq!(at("character-1752624234.json"), "2025-07-16T00:03:54Z");
        assert_eq!(at("character-1752624234833.json"), "2025-07-16T00:03:54.833Z");
        assert_eq!(at("2020-01-01_then_2021-02-03_04-05.json"), "2021-02-03T04:05:00Z");
        assert_eq!(at("2021-02-03_04-05_of_2020-01-01.json"), "2021-02-03T04:05:00Z");
        assert_eq!(at("2023-01-30_1234567.json"), "2023-01-30T00:00:00Z");
    }

    #[test]
    fn numbers_that_are_no_times() {
        for name in [
            "145081718.json",
            "20170550_rexredrum_bard16.json",
            "28364322_bismuth.json",
            "20210615_bob.json",
            "2023-13-01.json",
            "2023-02-30.json",
            "v1.2.3.json",
            "Ключ 42 🐉.json",
            "",
        ] {
            assert_eq!(at(name), "none", "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_name_is_too_odd(name in ".{0,40}", digits in "[0-9TZ_+. :-]{0,30}") {
            let _ = captured_at(&name);
            let _ = captured_at(&digits);
        }
    }
}
