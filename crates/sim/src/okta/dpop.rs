//! DPoP.

use super::{errors::ApiResult, request::Call, state::Org};

impl Org {
    pub fn check_resource_proof(&mut self, _call: &Call<'_>, _token: &str, _jkt: &str) -> ApiResult<()> {
        Ok(())
    }
}
