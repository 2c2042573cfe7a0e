//! An operation on its way, without its type: the code that sends is there once for all of them.

use bytes::Bytes;
use coder_core::{DeploymentUrl, Lock, MaybeSend, MaybeSync, TransportError, TransportErrorKind};
use http::{Method, Request, Response};

use crate::{Capability, ClientError, Operation};

/// An operation on its way, whose answer is kept where its type is known.
pub(super) trait Sendable: MaybeSend + MaybeSync {
    /// Returns the name of the operation's type, without its path.
    fn name(&self) -> &'static str;
    /// Builds the request, as [`Operation::request`].
    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError>;
    /// Reads the answer, as [`Operation::parse`], and keeps its content.
    fn read(&self, response: Response<Bytes>) -> Result<(), ClientError>;
    /// Returns the answer of [`Operation::needs_credential`].
    fn needs_credential(&self) -> bool;
    /// Returns the answer of [`Operation::needs`].
    fn needs(&self) -> Option<Capability>;
    /// Returns the answer of [`Operation::max_answer`].
    fn max_answer(&self) -> usize;
    /// Returns the answer of [`Operation::is_repeatable`].
    fn is_repeatable(&self, method: &Method) -> bool;
}

/// An operation and the content of its answer.
pub(super) struct Pending<'a, O: Operation> {
    operation: &'a O,
    output: Lock<Option<O::Output>>,
}

impl<'a, O: Operation> Pending<'a, O> {
    pub(super) fn new(operation: &'a O) -> Self {
        Self { operation, output: Lock::new(None) }
    }

    /// Returns what [`Sendable::read`] has kept.
    pub(super) fn into_output(self) -> Result<O::Output, ClientError> {
        let output = self.output.into_inner();
        output.ok_or_else(|| TransportError::new(TransportErrorKind::Other).into())
    }
}

impl<O: Operation> Sendable for Pending<'_, O> {
    fn name(&self) -> &'static str {
        let name = std::any::type_name::<O>();
        name.rsplit("::").next().unwrap_or(name)
    }

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        self.operation.request(deployment)
    }

    fn read(&self, response: Response<Bytes>) -> Result<(), ClientError> {
        let output = self.operation.parse(response)?;
        *self.output.lock() = Some(output);
        Ok(())
    }

    fn needs_credential(&self) -> bool {
        self.operation.needs_credential()
    }

    fn needs(&self) -> Option<Capability> {
        self.operation.needs()
    }

    fn max_answer(&self) -> usize {
        self.operation.max_answer()
    }

    fn is_repeatable(&self, method: &Method) -> bool {
        self.operation.is_repeatable(method)
    }
}
