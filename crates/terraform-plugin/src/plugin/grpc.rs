//! gRPC in terms of bytes: reads the message of a request, and writes the messages of a response.

use futures_util::{StreamExt, stream};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use prost::Message;
use prost::bytes::{Buf, BufMut, Bytes};
use tonic::Status;
use tonic::body::Body;
use tonic::codec::{EncodeBody, EncodeBuf, Encoder, SingleMessageCompressionOverride};
use tonic::codegen::BoxStream;

/// The largest message of a request. States of users are smaller, and the memory to read one is a multiple of it.
const MAX_REQUEST_SIZE: usize = 64 << 20;
/// The largest message that a host accepts.
const MAX_RESPONSE_SIZE: usize = 256 << 20;
/// A byte that marks a compressed message, and four with the size of the message.
const PREFIX_SIZE: usize = 5;

/// An encoded message.
pub(crate) type Encoded = Vec<u8>;

/// The messages of a response, or the status of a call that fails.
pub(crate) type Responses = Result<BoxStream<Encoded>, Status>;

/// Reads the message of a request. Memory is used for what arrives, not for what the prefix announces.
pub(crate) async fn read(body: Incoming) -> Result<Bytes, Status> {
    let body = Limited::new(body, PREFIX_SIZE + MAX_REQUEST_SIZE).collect();
    let mut message = body
        .await
        .map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                Status::resource_exhausted("a message to the provider must not have more than 64 MiB")
            } else {
                Status::internal(error.to_string())
            }
        })?
        .to_bytes();
    if message.len() < PREFIX_SIZE {
        return Err(Status::internal("the request has no message"));
    }
    let compressed = message.get_u8() != 0;
    let size = message.get_u32();
    if compressed || usize::try_from(size) != Ok(message.len()) {
        return Err(Status::internal(
            "the request is not one message without compression",
        ));
    }
    Ok(message)
}

/// Decodes a message.
pub(crate) fn decode<M: Message + Default>(message: Bytes) -> Result<M, Status> {
    M::decode(message).map_err(|error| Status::internal(error.to_string()))
}

/// A response of one message.
pub(crate) fn one(message: Encoded) -> BoxStream<Encoded> {
    stream::iter([Ok(message)]).boxed()
}

/// Writes a response.
pub(crate) fn respond(responses: Responses) -> http::Response<Body> {
    let messages = match responses {
        Ok(messages) => messages,
        Err(status) => return status.into_http(),
    };
    let body = EncodeBody::new_server(
        Raw,
        messages,
        None,
        SingleMessageCompressionOverride::default(),
        Some(MAX_RESPONSE_SIZE),
    );
    let mut response = http::Response::new(Body::new(body));
    let grpc = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(CONTENT_TYPE, grpc);
    response
}

/// Passes messages on as they are.
struct Raw;

impl Encoder for Raw {
    type Item = Encoded;
    type Error = Status;

    fn encode(&mut self, message: Encoded, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }
}
