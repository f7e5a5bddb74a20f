//! Proof of possession (DPoP): the proof's own checks, replay, and the nonce dance at the token endpoint.

use serde_json::Value;

use super::{
    errors::{ApiError, ApiResult},
    keys::{Unverified, sha256_base64url, thumbprint},
    moment::Moment,
    request::{Call, decode_segment},
    state::Org,
};

fn refused(description: &str) -> ApiError {
    ApiError::oauth(400, "invalid_dpop_proof", description)
}

impl Org {
    /// The proof at the token endpoint: `None` without a proof, else the thumbprint of its key.
    pub fn check_token_proof(&mut self, call: &Call<'_>, required: bool) -> ApiResult<Option<String>> {
        if call.header("dpop").is_none() {
            return if required { Err(refused("The DPoP proof JWT header is missing.")) } else { Ok(None) };
        }
        let (jkt, nonce) = self.check_proof(call, None)?;
        if !nonce.is_some_and(|nonce| self.nonce_lives(&nonce, call.now)) {
            let text = "Authorization server requires nonce in DPoP proof.";
            return Err(
                ApiError::oauth(400, "use_dpop_nonce", text).header("dpop-nonce", self.nonce(call.now))
            );
        }
        Ok(Some(jkt))
    }

    /// The proof at a resource, for a token bound to the key with thumbprint `jkt`. No nonce is asked here.
    pub fn check_resource_proof(&mut self, call: &Call<'_>, token: &str, jkt: &str) -> ApiResult<()> {
        // As seen in the field (okta-sdk-nodejs #453, terraform-provider-okta #2392); the body has the API's form.
        let challenge = |refusal: ApiError| {
            let text = format!(
                "DPoP algs=\"RS256 RS384 RS512 ES256 ES384 ES512\", authorization_uri=\"{0}/oauth2/v1/authorize\", \
                 realm=\"{0}\", error=\"{1}\", error_description=\"{2}\", resource=\"{3}\"",
                call.base, refusal.code, refusal.summary, call.path
            );
            ApiError { oauth: false, ..refusal.header("www-authenticate", text) }
        };
        if call.header("dpop").is_none() {
            return Err(challenge(refused("The DPoP proof JWT header is missing.")));
        }
        let (found, _) = self.check_proof(call, Some(token)).map_err(challenge)?;
        if found != jkt {
            return Err(challenge(refused("The DPoP proof JWT was signed by another key.")));
        }
        Ok(())
    }

    /// Everything but the nonce; yields the key's thumbprint and the nonce claim.
    fn check_proof(&mut self, call: &Call<'_>, token: Option<&str>) -> ApiResult<(String, Option<String>)> {
        if call.headers.get_all("dpop").iter().count() > 1 {
            return Err(refused("More than one DPoP proof JWT header is present."));
        }
        let proof = call.header("dpop").unwrap_or_default();
        let proof = Unverified::parse(proof).ok_or_else(|| refused("The DPoP proof JWT is malformed."))?;
        if proof.header.get("typ").and_then(Value::as_str) != Some("dpop+jwt") {
            return Err(refused("The DPoP proof JWT must have 'typ' dpop+jwt."));
        }
        let jwk =
            proof.header.get("jwk").ok_or_else(|| refused("The DPoP proof JWT must hold its 'jwk'."))?;
        if jwk.get("d").is_some() {
            return Err(refused("The DPoP proof JWT must not hold a private key."));
        }
        let jkt = thumbprint(jwk).ok_or_else(|| refused("The 'jwk' in the DPoP proof JWT is not usable."))?;
        if !proof.signed_by(jwk) {
            return Err(refused("The DPoP proof JWT signature is invalid."));
        }
        if proof.text("htm") != Some(call.method.as_str()) {
            return Err(refused("The DPoP proof JWT has the wrong 'htm'."));
        }
        // An HTTP library may send `@` where the proof's maker wrote `%40` (the vendor's Python SDK on aiohttp does), so
        // both are compared decoded.
        let target = format!("{}{}", call.base, call.path);
        if proof.text("htu").map(decode_segment) != Some(decode_segment(&target)) {
            return Err(refused("The DPoP proof JWT has the wrong 'htu'."));
        }
        let tolerance = self.settings.clock_tolerance_seconds as i64;
        let now = call.now.seconds();
        match proof.time("iat") {
            Some(at) if at.abs_diff(now) <= tolerance.unsigned_abs() => {}
            _ => return Err(refused("The DPoP proof JWT has an 'iat' outside the allowed window.")),
        }
        if let Some(token) = token
            && proof.text("ath") != Some(sha256_base64url(token.as_bytes()).as_str())
        {
            return Err(refused("The DPoP proof JWT has the wrong 'ath'."));
        }
        let jti = proof.text("jti").filter(|jti| !jti.is_empty());
        let jti = jti.ok_or_else(|| refused("The DPoP proof JWT must have a 'jti'."))?;
        let until = call.now.plus_ms(2 * tolerance.max(60) * 1000);
        if !self.access.use_once(format!("dpop {jkt} {jti}"), until, call.now) {
            return Err(refused("The DPoP proof JWT has already been used."));
        }
        Ok((jkt, proof.text("nonce").map(str::to_owned)))
    }

    fn nonce_epoch(&self, now: Moment) -> i64 {
        now.seconds().div_euclid(self.settings.dpop_nonce_rotation_seconds.max(1) as i64)
    }

    fn nonce_of(&self, epoch: i64) -> String {
        sha256_base64url(format!("{}/{epoch}", self.access.nonce_salt).as_bytes())
    }

    /// The nonce now given out.
    pub fn nonce(&self, now: Moment) -> String {
        self.nonce_of(self.nonce_epoch(now))
    }

    fn nonce_lives(&self, nonce: &str, now: Moment) -> bool {
        let rotation = self.settings.dpop_nonce_rotation_seconds.max(1) as i64;
        let back = self.settings.dpop_nonce_life_seconds as i64 / rotation;
        let epoch = self.nonce_epoch(now);
        (epoch - back.min(1000)..=epoch).any(|epoch| self.nonce_of(epoch) == nonce)
    }
}
