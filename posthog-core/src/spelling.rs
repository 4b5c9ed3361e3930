//! How far two names are apart, for "did you mean".

/// Whether `written` is `known` with one slip: a letter too many, one missing, one wrong, two in the wrong order, or
/// letters in the wrong case (CAP-151).
pub(crate) fn is_slip(written: &str, known: &str) -> bool {
    written != known
        && (written.eq_ignore_ascii_case(known) || distance(written, known, 1).is_some())
}

/// The one of `candidates` that `written` is most likely meant to be, if any is close to it. Long names may hold more than
/// one slip.
#[must_use]
pub fn most_similar<'a>(written: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let most = (written.len() / 6).clamp(1, 3);
    let lower = written.to_ascii_lowercase();
    candidates
        .iter()
        .filter_map(|candidate| {
            let slips = distance(&lower, &candidate.to_ascii_lowercase(), most)?;
            Some((slips, *candidate))
        })
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// The number of slips between two names, if it is at most `most`.
fn distance(left: &str, right: &str, most: usize) -> Option<usize> {
    if left.len().abs_diff(right.len()) > 4 * most {
        return None;
    }
    let (left, right): (Vec<_>, Vec<_>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > most {
        return None;
    }
    // Row by row: `above[j]` is the distance of the first `i` characters of `left` to the first `j` of `right`.
    let mut two_above = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let wrong = usize::from(left[i - 1] != right[j - 1]);
            let mut least = (above[j - 1] + wrong).min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                let before: &Vec<usize> = &two_above;
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        if row.iter().all(|slips| *slips > most) {
            return None;
        }
        two_above = std::mem::replace(&mut above, row);
    }
    above.last().copied().filter(|slips| *slips <= most)
}

#[cfg(test)]
mod tests {
    use super::{distance, is_slip, most_similar};

    #[test]
    fn a_slip_is_one_letter_two_that_changed_places_or_the_case() {
        for written in [
            "$groups_", "$group", "$groubs", "$gruops", "groups", "$GROUPS", "$Groups",
        ] {
            assert!(is_slip(written, "$groups"), "{written}");
        }
        for written in ["$groups", "$gruobs", "$set", "", "$group_key"] {
            assert!(!is_slip(written, "$groups"), "{written}");
        }
    }

    #[test]
    fn a_long_name_may_hold_more_slips_than_a_short_one() {
        let known = ["$ip", "$process_person_profile", "$current_url"];
        assert_eq!(
            most_similar("$proces_person_profle", &known),
            Some("$process_person_profile")
        );
        assert_eq!(most_similar("$Curent_URL", &known), Some("$current_url"));
        assert_eq!(most_similar("$id", &known), Some("$ip"));
        assert_eq!(most_similar("$x", &known), None);
        assert_eq!(most_similar("$order_total", &known), None);
        assert_eq!(most_similar("", &known), None);
    }

    #[test]
    fn letters_outside_of_ascii_count_as_one() {
        assert_eq!(distance("größe", "grösse", 3), Some(2));
        assert_eq!(distance("größe", "größe", 0), Some(0));
        assert_eq!(distance("🦀", "", 1), Some(1));
        assert_eq!(distance("abcdef", "ghijkl", 3), None);
    }
}
