//! An order as the file has it, and whether it can be right.

use crate::payment::Payment;
use serde::{Deserialize, Deserializer};
use std::ops::AddAssign;

#[derive(Deserialize)]
pub(crate) struct Order {
    #[serde(rename = "order_id")]
    pub(crate) id: u64,
    pub(crate) tenant: String,
    pub(crate) customer: Customer,
    pub(crate) placed_at: String,
    pub(crate) currency: String,
    pub(crate) items: Vec<Item>,
    #[serde(deserialize_with = "cents")]
    pub(crate) total: Cents,
    pub(crate) coupon: Option<String>,
    pub(crate) payment: Payment,
}

/// Whoever ordered. The file has an e-mail address, too; nobody needs it in analytics, so it is not even read.
#[derive(Deserialize)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) country: String,
}

#[derive(Deserialize)]
pub(crate) struct Item {
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    #[serde(deserialize_with = "cents")]
    pub(crate) unit_price: Cents,
}

/// An amount of money, in hundredths of its currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Cents(i64);

/// Why a line of the file is no order.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the line is blank")]
    Blank,
    #[error("the line is no order")]
    Malformed(#[from] serde_json::Error),
}

/// Why an order is not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OrderError {
    #[error("{quantity} pieces of {sku} cannot be sold")]
    NegativeQuantity { sku: String, quantity: i64 },
    #[error("the name of {sku} has {bytes} bytes")]
    NameTooLong { sku: String, bytes: usize },
    #[error("the currency {0} is unknown")]
    UnknownCurrency(String),
    #[error("the total is {written:?}, but the items add up to {added:?}")]
    TotalMismatch { written: Cents, added: Cents },
}

const CURRENCIES: [&str; 3] = ["EUR", "GBP", "USD"];
const NAME_BYTES: usize = 500;

impl Order {
    /// The total, once the order was found to be in order.
    pub(crate) fn checked_total(&self) -> Result<Cents, OrderError> {
        if !CURRENCIES.contains(&&*self.currency) {
            return Err(OrderError::UnknownCurrency(self.currency.clone()));
        }
        let mut added = Cents::default();
        for item in &self.items {
            added += item.price()?;
        }
        if added != self.total {
            return Err(OrderError::TotalMismatch {
                written: self.total,
                added,
            });
        }
        Ok(added)
    }

    /// The price of one piece on average. Nobody thought of an order of no pieces; the file has one.
    pub(crate) fn average_price(&self, total: Cents) -> Cents {
        let pieces: i64 = self.items.iter().map(|item| item.quantity).sum();
        Cents(total.0 / pieces)
    }

    pub(crate) fn skus(&self) -> Vec<&str> {
        self.items.iter().map(|item| &*item.sku).collect()
    }
}

impl Item {
    fn price(&self) -> Result<Cents, OrderError> {
        let sku = || self.sku.clone();
        let (quantity, bytes) = (self.quantity, self.name.len());
        if quantity < 0 {
            return Err(OrderError::NegativeQuantity {
                sku: sku(),
                quantity,
            });
        }
        if bytes > NAME_BYTES {
            return Err(OrderError::NameTooLong { sku: sku(), bytes });
        }
        Ok(Cents(self.unit_price.0 * quantity))
    }
}

impl Cents {
    /// In whole units of the currency, as people read it.
    #[expect(clippy::cast_precision_loss, reason = "no shop sells for 2^53 cents")]
    pub(crate) fn as_units(self) -> f64 {
        self.0 as f64 / 100.0
    }
}

impl AddAssign for Cents {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

/// An amount is written in units, such as `75.65`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "no shop sells for 2^53 cents"
)]
fn cents<'de, D: Deserializer<'de>>(from: D) -> Result<Cents, D::Error> {
    let units = f64::deserialize(from)?;
    Ok(Cents((units * 100.0).round() as i64))
}
