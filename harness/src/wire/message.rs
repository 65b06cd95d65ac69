//! A message about to be sent: its parts as bytes, and their layout in frames.

use serde::{Deserialize, Serialize};

use super::sign::Signer;

/// The frame between the routing prefix and the message.
pub const DELIMITER: &[u8] = b"<IDS|MSG>";

/// One frame of a `ZeroMQ` multipart message.
pub type Frame = Vec<u8>;

/// The parts of a message, as bytes that may or may not be what the protocol asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Routing identities, or the topic on iopub.
    pub prefix: Vec<Frame>,
    /// The header, a JSON object.
    pub header: Vec<u8>,
    /// The header of the message that caused this one, or `{}`.
    pub parent: Vec<u8>,
    /// The metadata, a JSON object.
    pub metadata: Vec<u8>,
    /// The content, a JSON object by message type.
    pub content: Vec<u8>,
    /// Raw frames after the content, outside the signature.
    pub buffers: Vec<Frame>,
}

impl Message {
    /// The frames: prefix, delimiter, signature, header, parent header, metadata, content, buffers.
    /// Source: messaging, "The Wire Protocol".
    #[must_use]
    pub fn encode(self, signer: &Signer) -> Vec<Frame> {
        let signature = signer.sign(&self.signed_parts());
        let mut frames = Vec::with_capacity(self.prefix.len() + 6 + self.buffers.len());
        frames.extend(self.prefix);
        frames.push(DELIMITER.to_vec());
        frames.push(signature.into_bytes());
        frames.extend([self.header, self.parent, self.metadata, self.content]);
        frames.extend(self.buffers);
        frames
    }

    /// What the signature covers, in its order.
    #[must_use]
    pub fn signed_parts(&self) -> [&[u8]; 4] {
        [&self.header, &self.parent, &self.metadata, &self.content]
    }
}

/// A header as the protocol wants it. Source: messaging, "Message Header".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Unique to the message.
    pub msg_id: String,
    /// Unique to the life of the sending process.
    pub session: String,
    /// The user, or nothing.
    pub username: String,
    /// When the message was made: ISO 8601 with a zone.
    pub date: String,
    /// The message type, as in `execute_request`.
    pub msg_type: String,
    /// The protocol version, as in `5.5`.
    pub version: String,
    /// The subshell that is meant; left out for the main shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subshell_id: Option<String>,
}

impl Header {
    /// The header as compact JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a struct of strings is always JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sign::Scheme;

    fn bytes(text: &str) -> Vec<u8> {
        text.as_bytes().to_vec()
    }

    #[test]
    fn frames_stand_in_the_order_of_the_protocol() {
        let message = Message {
            prefix: vec![bytes("id")],
            header: bytes("{\"h\":1}"),
            parent: bytes("{}"),
            metadata: bytes("not JSON"),
            content: bytes(""),
            buffers: vec![bytes("<IDS|MSG>"), bytes("")],
        };
        let signer = Signer::new(Scheme::HmacMd5, b"key");
        let signature = signer.sign(&[b"{\"h\":1}{}not JSON"]);
        let expected = ["id", "<IDS|MSG>", &signature, "{\"h\":1}", "{}", "not JSON", "", "<IDS|MSG>", ""];
        assert_eq!(message.encode(&signer), expected.map(bytes));
    }

    #[test]
    fn a_header_is_the_json_that_the_protocol_wants() {
        let header = Header {
            msg_id: "1".to_owned(),
            session: "s".to_owned(),
            username: "é".to_owned(),
            date: "2026-01-01T00:00:00Z".to_owned(),
            msg_type: "status".to_owned(),
            version: "5.5".to_owned(),
            subshell_id: None,
        };
        let text = r#"{"msg_id":"1","session":"s","username":"é","date":"2026-01-01T00:00:00Z","msg_type":"status","version":"5.5"}"#;
        assert_eq!(header.to_json(), text);
        assert_eq!(serde_json::from_str::<Header>(text).ok(), Some(header.clone()));
        let in_subshell = Header { subshell_id: Some("sub".to_owned()), ..header };
        assert_eq!(in_subshell.to_json(), text.replace("\"5.5\"", "\"5.5\",\"subshell_id\":\"sub\""));
    }
}
