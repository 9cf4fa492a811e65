//! The response to valid deliveries.

use http::StatusCode;

/// The status codes for valid deliveries. Default: always 202.
///
/// The events of a delivery whose response is not 2xx are dropped, as by a failing SIEM.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Response {
    code: StatusCode,
    rate: f64,
}

/// The error for an invalid [`Response`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidResponse {
    /// A status code out of range.
    #[error("a status code is a number from 200 to 599")]
    Code,
    /// A rate out of range.
    #[error("a rate is a number from 0 to 1, such as 0.5 for every second delivery")]
    Rate,
}

impl Default for Response {
    fn default() -> Self {
        Self {
            code: StatusCode::ACCEPTED,
            rate: 1.0,
        }
    }
}

impl Response {
    /// Responds to every delivery with this status code.
    ///
    /// # Errors
    /// When the code is not from 200 to 599.
    pub fn always(code: u16) -> Result<Self, InvalidResponse> {
        Self::at_rate(code, 1.0)
    }

    /// Responds to this share of the deliveries with this status code, evenly distributed, and to the others with 202.
    /// With a rate of 0.25, every fourth response has the code.
    ///
    /// # Errors
    /// When the code is not from 200 to 599, or the rate is not from 0 to 1.
    pub fn at_rate(code: u16, rate: f64) -> Result<Self, InvalidResponse> {
        if !(200..=599).contains(&code) {
            return Err(InvalidResponse::Code);
        }
        if !(0.0..=1.0).contains(&rate) {
            return Err(InvalidResponse::Rate);
        }
        let code = StatusCode::from_u16(code).map_err(|_| InvalidResponse::Code)?;
        Ok(Self { code, rate })
    }

    /// The status code for the next delivery. `share` is the accumulated remainder of the previous deliveries.
    pub(crate) fn next(self, share: &mut f64) -> StatusCode {
        *share += self.rate;
        if *share >= 1.0 {
            *share -= 1.0;
            self.code
        } else {
            StatusCode::ACCEPTED
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn responses(response: Response, count: usize) -> Vec<u16> {
        let mut share = 0.0;
        (0..count).map(|_| response.next(&mut share).as_u16()).collect()
    }

    #[test]
    fn response_default_is_accepted() {
        assert_eq!(responses(Response::default(), 2), [202, 202]);
    }

    #[test]
    fn response_at_rate_is_spread_evenly() {
        assert_eq!(responses(Response::always(503).unwrap(), 2), [503, 503]);
        assert_eq!(
            responses(Response::at_rate(429, 0.5).unwrap(), 4),
            [202, 429, 202, 429]
        );
        assert_eq!(
            responses(Response::at_rate(503, 0.0).unwrap(), 3),
            [202, 202, 202]
        );
        let failed = responses(Response::at_rate(500, 0.1).unwrap(), 1000);
        let failed = failed.iter().filter(|code| **code == 500).count();
        assert!((99..=100).contains(&failed), "{failed}");
    }

    #[test]
    fn response_out_of_range_is_refused() {
        for code in [0, 100, 199, 600, 999] {
            assert_eq!(Response::always(code), Err(InvalidResponse::Code), "{code}");
        }
        for rate in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Response::at_rate(503, rate), Err(InvalidResponse::Rate), "{rate}");
        }
    }
}
