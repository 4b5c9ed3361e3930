//! Errors of all types.

use posthog::{context, identify_context, scoped, tag};
use std::{error::Error, fmt, fs, io, num::ParseIntError, sync::Arc};

pub(super) const ALL: &[(&str, fn())] = &[
    ("a variant of an enum", variant),
    ("a variant made by `?` of what caused it", from),
    (
        "a transparent variant, which hides that it was reported",
        transparent,
    ),
    ("a unit struct", unit),
    ("a generic error", generic),
    ("an error that borrows", borrowing),
    ("an error of the standard library", parsing),
    ("an error called `Error`", reading),
    ("an error behind an `Arc`", shared),
    ("a boxed error", boxed),
    ("a boxed error that stays on its thread", boxed_not_send),
    ("a boxed text", boxed_text),
    ("a `String`", string),
    ("a `&str`", str),
    ("a type that says nothing", opaque),
    ("anyhow: an error by `?`", anyhow_by_question_mark),
    ("anyhow: contexts around an error", anyhow_with_contexts),
    ("anyhow: a text", anyhow_text),
    ("anyhow: `bail!` and `ensure!`", anyhow_macros),
    ("eyre: contexts around an error", eyre_with_contexts),
    ("an error whose text panics", panicking_text),
];

#[derive(Debug, thiserror::Error)]
#[error("card declined with code {code}")]
pub(super) struct Declined {
    pub(super) code: u8,
}

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("order {0} is out of stock")]
    OutOfStock(u32),
    #[error("the payment failed")]
    Payment(#[from] Declined),
    #[error(transparent)]
    Quantity(#[from] ParseIntError),
}

pub(super) fn decline() -> Result<(), Declined> {
    Err(Declined { code: 7 })
}

/// The error is of no further use: it was looked at on its way.
pub(super) fn done<T, E>(outcome: Result<T, E>) {
    drop(outcome);
}

fn variant() {
    #[scoped(distinct_id = "user-7", tags(order = 551))]
    fn ship() -> Result<(), OrderError> {
        Err(OrderError::OutOfStock(551))
    }
    done(ship());
}

fn from() {
    #[scoped]
    fn pay() -> Result<(), OrderError> {
        identify_context("user-7");
        tag!("step", "payment");
        decline()?;
        Ok(())
    }
    done(pay());
}

fn transparent() {
    #[scoped]
    fn quantity() -> Result<u32, ParseIntError> {
        "three".parse()
    }
    #[scoped]
    fn order() -> Result<u32, OrderError> {
        Ok(quantity()?)
    }
    done(order());
}

fn unit() {
    #[derive(Debug, thiserror::Error)]
    #[error("out of stock")]
    struct OutOfStock;
    #[scoped]
    fn ship() -> Result<(), OutOfStock> {
        Err(OutOfStock)
    }
    done(ship());
}

fn generic() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot store {0:?}")]
    struct StoreError<T: fmt::Debug>(T);
    #[scoped]
    fn store<T: fmt::Debug>(value: T) -> Result<(), StoreError<T>> {
        Err(StoreError(value))
    }
    done(store(vec![1, 2]));
}

fn borrowing() {
    #[derive(Debug, thiserror::Error)]
    #[error("there is no order `{0}`")]
    struct Unknown<'a>(&'a str);
    #[scoped]
    fn find(order: &str) -> Result<(), Unknown<'_>> {
        Err(Unknown(order))
    }
    let order = String::from("o-551");
    done(find(&order));
}

fn parsing() {
    fn quantity(text: &str) -> Result<u32, ParseIntError> {
        context! {
            let quantity = text.parse::<u32>()?;
            Ok(quantity)
        }
    }
    done(quantity("three"));
}

fn reading() {
    #[scoped]
    fn read() -> io::Result<String> {
        fs::read_to_string("/there/is/no/such/file")
    }
    done(read());
}

fn shared() {
    #[scoped]
    fn pay() -> Result<(), Arc<Declined>> {
        Err(Arc::new(Declined { code: 9 }))
    }
    done(pay());
}

fn boxed() {
    #[scoped]
    fn pay() -> Result<(), Box<dyn Error + Send + Sync>> {
        decline()?;
        Ok(())
    }
    done(pay());
}

fn boxed_not_send() {
    #[scoped]
    fn pay() -> Result<(), Box<dyn Error>> {
        Err(Box::new(OrderError::from(Declined { code: 8 })))
    }
    done(pay());
}

fn boxed_text() {
    #[scoped]
    fn ship() -> Result<(), Box<dyn Error>> {
        Err("out of stock")?;
        Ok(())
    }
    done(ship());
}

fn string() {
    #[scoped]
    fn ship(order: u32) -> Result<(), String> {
        Err(format!("order {order} is out of stock"))
    }
    done(ship(551));
}

fn str() {
    fn ship() -> Result<(), &'static str> {
        context! { Err("out of stock") }
    }
    done(ship());
}

fn opaque() {
    struct Silent;
    #[scoped]
    fn ship() -> Result<(), Silent> {
        Err(Silent)
    }
    done(ship());
}

fn anyhow_by_question_mark() {
    #[scoped]
    fn pay() -> anyhow::Result<()> {
        decline()?;
        Ok(())
    }
    done(pay());
}

fn anyhow_with_contexts() {
    use anyhow::Context as _;
    #[scoped]
    fn charge() -> anyhow::Result<()> {
        decline().context("the bank said no")
    }
    #[scoped]
    fn pay() -> anyhow::Result<()> {
        charge().with_context(|| format!("order {} is not paid", 551))
    }
    done(pay());
}

fn anyhow_text() {
    #[scoped]
    fn ship() -> anyhow::Result<()> {
        Err(anyhow::anyhow!("order {} is out of stock", 551))
    }
    done(ship());
}

fn anyhow_macros() {
    fn ship(stock: u32) -> anyhow::Result<()> {
        context! {
            anyhow::ensure!(stock != 1, "the last one is kept");
            if stock == 0 {
                anyhow::bail!("out of stock");
            }
            Ok(())
        }
    }
    done(ship(0));
    done(ship(1));
    done(ship(2));
}

fn eyre_with_contexts() {
    use eyre::WrapErr as _;
    #[scoped]
    fn charge() -> eyre::Result<()> {
        Err(Declined { code: 7 }).wrap_err("the bank said no")
    }
    #[scoped]
    fn pay() -> eyre::Result<()> {
        charge().wrap_err("the order is not paid")
    }
    done(pay());
}

fn panicking_text() {
    #[derive(Debug)]
    struct Hostile;
    impl fmt::Display for Hostile {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in the text of an error");
        }
    }
    impl Error for Hostile {}
    #[scoped]
    fn ship() -> Result<(), Hostile> {
        Err(Hostile)
    }
    done(ship());
}
