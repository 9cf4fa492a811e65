//! What a provider serves.

use std::sync::Arc;

use crate::action::Action;
use crate::data_source::DataSource;
use crate::dispatch::{
    AnyAction, AnyDataSource, AnyListResource, AnyResource, Erased, ErasedResource, Run, ServedFunction,
};
use crate::function::Function;
use crate::list_resource::ListResource;
use crate::model::Model;
use crate::resource::{Resource, TrackedResource};
use crate::schema::Schema;

/// Everything that a provider serves. `D` is the configured provider, [`Provider::Data`](crate::Provider::Data).
pub struct Registry<D> {
    run: Arc<Run<D>>,
    pub(crate) resources: Vec<Box<dyn AnyResource<D>>>,
    pub(crate) data_sources: Vec<Box<dyn AnyDataSource<D>>>,
    pub(crate) list_resources: Vec<Box<dyn AnyListResource<D>>>,
    pub(crate) actions: Vec<Box<dyn AnyAction<D>>>,
    pub(crate) functions: Vec<ServedFunction>,
}

impl<D: Send + Sync + 'static> Registry<D> {
    pub(crate) fn new(run: Arc<Run<D>>) -> Self {
        Self {
            run,
            resources: Vec::new(),
            data_sources: Vec::new(),
            list_resources: Vec::new(),
            actions: Vec::new(),
            functions: Vec::new(),
        }
    }

    /// Serves a resource.
    pub fn resource(&mut self, resource: impl Resource<Data = D>) -> &mut Self {
        let erased = ErasedResource::new(self.run.clone(), resource);
        self.resources.push(Box::new(erased));
        self
    }

    /// Serves a resource that sees each state and can undo a creation.
    pub fn tracked_resource(&mut self, resource: impl TrackedResource<Data = D>) -> &mut Self {
        let erased = ErasedResource::tracked(self.run.clone(), resource);
        self.resources.push(Box::new(erased));
        self
    }

    /// Serves a data source.
    pub fn data_source<S: DataSource<Data = D>>(&mut self, data_source: S) -> &mut Self {
        let erased = self.erased(data_source.type_name(), S::Model::schema, data_source);
        self.data_sources.push(Box::new(erased));
        self
    }

    /// Serves a list resource.
    pub fn list_resource<L: ListResource<Data = D>>(&mut self, list_resource: L) -> &mut Self {
        let erased = self.erased(list_resource.type_name(), L::Config::schema, list_resource);
        self.list_resources.push(Box::new(erased));
        self
    }

    /// Serves an action.
    pub fn action<A: Action<Data = D>>(&mut self, action: A) -> &mut Self {
        let erased = self.erased(action.type_name(), A::Config::schema, action);
        self.actions.push(Box::new(erased));
        self
    }

    fn erased<T>(&self, type_name: &'static str, schema: fn() -> Schema, inner: T) -> Erased<T, D> {
        Erased::new(self.run.clone(), type_name, schema, inner)
    }

    /// Serves a function.
    pub fn function(&mut self, function: impl Function) -> &mut Self {
        self.functions.push(ServedFunction::new(function));
        self
    }
}
