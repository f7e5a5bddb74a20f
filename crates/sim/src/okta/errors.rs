//! Refusals: the vendor's error codes, their HTTP status and their bodies. Only `errorCode` is stable text.

use http::StatusCode;

/// A refusal on its way to the wire.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub status: StatusCode,
    /// `E0000001` and so on; for OAuth endpoints the OAuth error name.
    pub code: &'static str,
    pub summary: String,
    pub causes: Vec<String>,
    pub headers: Vec<(&'static str, String)>,
    /// OAuth endpoints answer `{"error","error_description"}` instead.
    pub oauth: bool,
    /// Its headers say everything: there is no body.
    pub bodiless: bool,
}

pub type ApiResult<T> = Result<T, ApiError>;

/// Code, status, default text.
const CODES: &[(&str, u16, &str)] = &[
    ("E0000001", 400, "Api validation failed"),
    ("E0000003", 400, "The request body was not well-formed."),
    ("E0000004", 401, "Authentication failed"),
    ("E0000005", 403, "Invalid session"),
    ("E0000006", 403, "You do not have permission to perform the requested action"),
    ("E0000007", 404, "Not found"),
    ("E0000008", 404, "The requested path was not found"),
    ("E0000009", 500, "Internal Server Error"),
    ("E0000010", 503, "Service is in read only mode"),
    ("E0000011", 401, "Invalid token provided"),
    ("E0000015", 401, "You do not have permission to access the feature you are requesting"),
    ("E0000016", 403, "Activation failed because the user is already active"),
    ("E0000018", 400, "Bad request.  Accept and/or Content-Type headers are likely not set."),
    ("E0000019", 400, "Bad request.  Accept and/or Content-Type headers are likely not set."),
    (
        "E0000020",
        400,
        "Bad request.  Accept and/or Content-Type headers likely do not match supported values.",
    ),
    (
        "E0000021",
        400,
        "Bad request.  Accept and/or Content-Type headers likely do not match supported values.",
    ),
    ("E0000022", 405, "The endpoint does not support the provided HTTP method"),
    ("E0000023", 403, "Operation failed because user profile is mastered under another system"),
    ("E0000028", 400, "The request is missing a required parameter."),
    ("E0000030", 400, "Bad request. Invalid date. Dates must be of the form yyyy-MM-dd'T'HH:mm:ss.SSSZZ."),
    ("E0000031", 400, "Invalid search criteria."),
    ("E0000034", 403, "Forgot password not allowed on specified user."),
    ("E0000036", 403, "Change of credentials is not allowed on the specified user."),
    ("E0000038", 403, "This operation is not allowed in the user's current status."),
    ("E0000047", 429, "API call exceeded rate limit due to too many requests."),
    ("E0000053", 400, "Invalid filter"),
    ("E0000054", 400, "Invalid paging request."),
    ("E0000055", 409, "Duplicate group."),
    ("E0000060", 501, "Unsupported operation."),
    (
        "E0000075",
        403,
        "Cannot modify the attribute because it has a field mapping and profile push is enabled.",
    ),
    ("E0000093", 400, "Target count limit exceeded"),
    ("E0000094", 400, "The specified filter is unsupported."),
    ("E0000112", 409, "Cannot update this user because they are still being activated."),
    (
        "E0000124",
        400,
        "Could not create user. To create a user and expire their password immediately, a password must be specified.",
    ),
    (
        "E0000125",
        400,
        "Could not create user. To create a user and expire their password immediately, `activate` must be true.",
    ),
    ("E0000195", 409, "The request conflicts with the current state of the object."),
];

impl ApiError {
    /// A refusal with the code's usual text. An unknown code is an internal error.
    pub fn of(code: &str) -> Self {
        let &(code, status, text) =
            CODES.iter().find(|row| row.0 == code).unwrap_or(&("E0000009", 500, "Internal Server Error"));
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            summary: text.to_owned(),
            causes: Vec::new(),
            headers: Vec::new(),
            oauth: false,
            bodiless: false,
        }
    }

    /// 400 E0000001 about one field, with its reason.
    pub fn invalid(field: &str, reason: &str) -> Self {
        let mut refusal = Self::of("E0000001");
        refusal.summary = format!("Api validation failed: {field}");
        refusal.causes.push(if field.is_empty() { reason.to_owned() } else { format!("{field}: {reason}") });
        refusal
    }

    /// 400 E0000001 whose cause does not name a field.
    pub fn refused(subject: &str, cause: &str) -> Self {
        let mut refusal = Self::of("E0000001");
        refusal.summary = format!("Api validation failed: {subject}");
        refusal.causes.push(cause.to_owned());
        refusal
    }

    /// 404 E0000007 for a resource of a kind (`User`, `UserGroup`, …).
    pub fn missing(id: &str, kind: &str) -> Self {
        let mut refusal = Self::of("E0000007");
        refusal.summary = format!("Not found: Resource not found: {id} ({kind})");
        refusal
    }

    pub fn oauth(status: u16, error: &'static str, description: impl Into<String>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
            code: error,
            summary: description.into(),
            causes: Vec::new(),
            headers: Vec::new(),
            oauth: true,
            bodiless: false,
        }
    }

    /// Refused by a `WWW-Authenticate` header alone (RFC 6750), as the vendor's description has it of userinfo.
    pub fn challenge(status: u16, error: &'static str, description: &str) -> Self {
        let header = format!("Bearer error=\"{error}\", error_description=\"{description}\"");
        let refusal = Self::oauth(status, error, description).header("www-authenticate", header);
        Self { bodiless: true, ..refusal }
    }

    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(&self, error_id: &str) -> String {
        if self.bodiless {
            return String::new();
        }
        let body = if self.oauth {
            serde_json::json!({ "error": self.code, "error_description": self.summary })
        } else {
            serde_json::json!({
                "errorCode": self.code,
                "errorSummary": self.summary,
                "errorLink": self.code,
                "errorId": error_id,
                "errorCauses":
                    self.causes.iter().map(|c| serde_json::json!({ "errorSummary": c })).collect::<Vec<_>>(),
            })
        };
        body.to_string()
    }
}
