#include "arrow.hpp"

#include "process/outside.hpp"

namespace flatbed::python {

namespace {

void delete_schema(PyObject* capsule) {
  auto* schema = static_cast<ArrowSchema*>(PyCapsule_GetPointer(capsule, "arrow_schema"));
  if (schema->release != nullptr) schema->release(schema);
  delete schema;
}

void delete_array(PyObject* capsule) {
  auto* array = static_cast<ArrowArray*>(PyCapsule_GetPointer(capsule, "arrow_array"));
  if (array->release != nullptr) array->release(array);
  delete array;
}

void delete_stream(PyObject* capsule) {
  auto* stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, "arrow_array_stream"));
  if (stream->release != nullptr) stream->release(stream);
  delete stream;
}

}  // namespace

py::capsule schema_capsule(const Schema& schema) {
  auto* arrow = new ArrowSchema{};
  py::capsule capsule(arrow, "arrow_schema", delete_schema);
  check(export_schema(schema, arrow));
  return capsule;
}

py::tuple array_capsules(const Batch& batch) {
  py::capsule schema = schema_capsule(batch.schema());
  auto* arrow = new ArrowArray{};
  py::capsule array(arrow, "arrow_array", delete_array);
  check(export_batch(batch, arrow));
  return py::make_tuple(std::move(schema), std::move(array));
}

py::capsule stream_capsule(std::unique_ptr<Source> source) {
  auto* arrow = new ArrowArrayStream{};
  py::capsule capsule(arrow, "arrow_array_stream", delete_stream);
  check(export_stream(std::move(source), {}, arrow));
  return capsule;
}

std::unique_ptr<Source> source_of_stream(const py::handle& object) {
  const py::object capsule = object.attr("__arrow_c_stream__")();
  auto* stream = arrow_pointer<ArrowArrayStream>(capsule, "arrow_array_stream");
  const py::gil_scoped_release released;  // asking for the schema may run for a while, or run Python
  auto source = stream_source(stream);
  const py::gil_scoped_acquire acquired;
  return value_of(std::move(source));
}

Batch batch_of_array(const py::handle& object) {
  const py::tuple capsules = object.attr("__arrow_c_array__")();
  return value_of(import_batch(arrow_pointer<ArrowSchema>(capsules[0], "arrow_schema"),
                               arrow_pointer<ArrowArray>(capsules[1], "arrow_array")));
}

}  // namespace flatbed::python
