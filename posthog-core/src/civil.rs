//! Dates of the Gregorian calendar, as days since 1970.
//!
//! The calendar is taken to have held always, as RFC 3339 does. No calendar library: this much arithmetic is all that the SDK
//! needs of one. A year is counted from March here, so that the leap day is its last, and 400 of them are an era, after which
//! everything repeats.

/// A day of the calendar. It is for the one who makes it that there is such a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Date {
    pub(crate) year: i64,
    /// From 1 on.
    pub(crate) month: i64,
    /// From 1 on.
    pub(crate) day: i64,
}

impl Date {
    /// How many days after 1970-01-01 it is.
    pub(crate) const fn days(self) -> i64 {
        let Self { year, month, day } = self;
        let year = if month <= 2 { year - 1 } else { year };
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let month_from_march = (month + 9) % 12;
        let day_of_year = days_before(month_from_march) + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * DAYS_OF_ERA + day_of_era - BEFORE_1970
    }

    /// The day that is so many days after 1970-01-01.
    #[cfg(feature = "runtime")]
    pub(crate) const fn at(days: i64) -> Self {
        let days = days + BEFORE_1970;
        let (era, day_of_era) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
        // Without the leap days that went by, all years have 365 days.
        let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
        let year_of_era = (day_of_era - leap_days) / 365;
        let day_of_year = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        let year = era * 400 + year_of_era;
        Self {
            year: if month <= 2 { year + 1 } else { year },
            month,
            day: day_of_year - days_before(month_from_march) + 1,
        }
    }
}

/// How many days the month has.
pub(crate) const fn days_of(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days of a year before one of its months, which are counted from March: five months in a row have 153 days.
const fn days_before(month_from_march: i64) -> i64 {
    (153 * month_from_march + 2) / 5
}

const DAYS_OF_ERA: i64 = 146_097;

/// From the first day of the first era, 1 March of the year 0, to 1 January 1970.
const BEFORE_1970: i64 = 719_468;

#[cfg(all(test, feature = "runtime"))]
mod tests {
    use super::{Date, days_of};

    const fn date(year: i64, month: i64, day: i64) -> Date {
        Date { year, month, day }
    }

    #[test]
    fn cap_105_every_day_of_the_years_0_to_9999_is_one_after_the_day_before() {
        let mut days = -719_528;
        for year in 0..=9999 {
            for month in 1..=12 {
                for day in 1..=days_of(year, month) {
                    assert_eq!(date(year, month, day).days(), days);
                    assert_eq!(Date::at(days), date(year, month, day));
                    days += 1;
                }
            }
        }
        assert_eq!(days, 2_932_897, "1 January 10000");
    }

    #[test]
    fn cap_105_days_that_others_have_counted() {
        for (days, date) in [
            (0, date(1970, 1, 1)),
            (-1, date(1969, 12, 31)),
            (11_016, date(2000, 2, 29)),
            (19_782, date(2024, 2, 29)),
            (24_855, date(2038, 1, 19)),
            (-141_427, date(1582, 10, 15)),
        ] {
            assert_eq!(date.days(), days);
            assert_eq!(Date::at(days), date);
        }
    }

    #[test]
    fn cap_105_a_century_is_a_leap_year_only_if_400_divides_it() {
        for (year, days) in [
            (0, 29),
            (4, 29),
            (1900, 28),
            (2000, 29),
            (2023, 28),
            (2024, 29),
            (2100, 28),
        ] {
            assert_eq!(days_of(year, 2), days, "{year}");
        }
        let year: i64 = (1..=12).map(|month| days_of(2031, month)).sum();
        assert_eq!(year, 365);
    }
}
