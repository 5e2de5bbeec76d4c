#include "arrow.hpp"
#include "bindings.hpp"
#include "client.hpp"
#include "connect/clickhouse.hpp"
#include "connect/file.hpp"
#include "pipeline/run_options.hpp"
#include "steps.hpp"

namespace flatbed::python {

using namespace py::literals;

namespace {

// A source that is open already, for the stream that takes it over.
class OpenedSource final : public Source {
 public:
  OpenedSource(std::unique_ptr<Source> source, Schema schema)
      : source_(std::move(source)), schema_(std::move(schema)) {}
  Result<Schema> open(const ReadRequest&, std::stop_token) override { return schema_; }
  Result<std::optional<Delivery>> next(std::stop_token stop) override { return source_->next(stop); }
  Position position() const noexcept override { return source_->position(); }
  std::optional<uint64_t> total_bytes() const noexcept override { return source_->total_bytes(); }

 private:
  std::unique_ptr<Source> source_;
  Schema schema_;
};

// Rows of a source, read once: as batches, or as one Arrow stream.
class Reader {
 public:
  Reader(const py::object& source, const ReadRequest& request, const py::object& options) {
    const Given given = given_source(source, options);
    source_ = value_of(given.registry.source(given.endpoint));
    auto opened = waiting_for([&](std::stop_token stop) { return source_->open(request, stop); });
    schema_ = value_of(std::move(opened));
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    if (!source_) return;
    const py::error_scope kept;
    if (PyErr_WarnEx(PyExc_ResourceWarning, "a flatbed.Reader was not closed", 1) != 0) PyErr_WriteUnraisable(Py_None);
    close();
  }

  const Schema& schema() const noexcept { return schema_; }
  Position position() const noexcept { return source_ ? source_->position() : position_; }
  void close() {
    if (!source_) return;
    position_ = source_->position();
    const py::gil_scoped_release released;
    source_.reset();
  }

  Batch next() {
    if (!source_ && ended_) throw py::stop_iteration();
    Source& source = opened();
    for (;;) {
      auto delivery = waiting_for([&](std::stop_token stop) { return source.next(stop); });
      if (!delivery || (*delivery && !(*delivery)->rejects.empty())) {
        close();
        raise(delivery ? (*delivery)->rejects.front() : delivery.error());
      }
      if (!*delivery) {
        ended_ = true;
        close();
        throw py::stop_iteration();
      }
      if ((*delivery)->batch.rows() != 0) return std::move((*delivery)->batch);
    }
  }

  py::capsule stream() {
    opened();
    position_ = source_->position();
    return stream_capsule(std::make_unique<OpenedSource>(std::move(source_), schema_));
  }

 private:
  Source& opened() {
    if (source_) return *source_;
    raise({.code = Code::kUsage,
           .message = "the reader was used or closed before",
           .hint = "open it again to read again"});
  }

  std::unique_ptr<Source> source_{};
  Schema schema_{};
  Position position_{};
  bool ended_ = false;
};

std::unique_ptr<Reader> read_rows(const py::object& source, const py::object& columns, const py::object& types,
                                  const py::object& options, const py::object& threads, const py::object& memory) {
  Plan plan;
  check(
      set_run_options(option_pairs(py::dict("columns"_a = columns, "threads"_a = threads, "memory"_a = memory)), plan));
  ReadRequest request{.columns = plan.columns, .threads = plan.threads, .memory_limit = plan.memory_limit};
  for (auto& [name, text] : name_pairs(types)) {
    request.types.fields.push_back({name, value_of(parse_type(text)), "the user"});
  }
  return std::make_unique<Reader>(source, request, options);
}

// What neither an option nor a name calls lines of JSON is read as values of JSON, which lines are too.
std::unique_ptr<Reader> read_json(const py::object& source, const py::object& columns, const py::object& types,
                                  const py::object& options, const py::object& threads, const py::object& memory) {
  py::dict given;
  if (!options.is_none()) given.attr("update")(options);
  const bool named = py::isinstance<py::str>(source) || py::hasattr(source, "__fspath__");
  const bool tells = named && is_json(value_of(parse_uri(given_source(source, py::none()).endpoint.uri)));
  if (!given.contains("format") && !tells) given["format"] = "json";
  return read_rows(source, columns, types, given, threads, memory);
}

// ---- Pipeline ----

class PythonPipeline {
 public:
  PythonPipeline(const py::object& source, const py::object& options, const py::object& columns,
                 const py::object& rename, const py::object& types)
      : given_(given_source(source, options)) {
    plan_.source = given_.endpoint;
    check(set_run_options(option_pairs(py::dict("columns"_a = columns)), plan_));
    plan_.rename = name_pairs(rename);
    plan_.types = name_pairs(types);
  }

  PythonPipeline(const PythonPipeline&) = delete;
  PythonPipeline& operator=(const PythonPipeline&) = delete;

  PythonPipeline& then(py::object callable) {
    if (!PyCallable_Check(callable.ptr())) throw py::type_error("a step is a callable that takes a batch");
    steps_.push_back(outside_step(python_step(std::move(callable), raised_)));
    return *this;
  }

  // Lets a client of clickhouse_connect carry what goes to the addresses client:database/table.
  PythonPipeline& by_client(const py::object& client) {
    if (!client.is_none()) check(given_.registry.add(carried_connector(client_carrier(client))));
    return *this;
  }

  PythonPipeline& sink(const py::object& target, const py::object& options) {
    plan_.target = target_of(target, options);
    return *this;
  }

  // `options` are those of a run, as run_options() declares them.
  Receipt run(const py::object& rejects, const py::object& rejects_options, const py::object& progress,
              const py::dict& options) {
    if (std::exchange(ran_, true)) raise({.code = Code::kUsage, .message = "the pipeline ran before"});
    if (!rejects.is_none()) plan_.rejects = target_of(rejects, rejects_options);
    check(set_run_options(option_pairs(options), plan_));
    auto receipt = waiting_for(
        [&](std::stop_token stop, Waiting& waiting) {
          const Observer observer = [&](const Event& event) {
            waiting.show(event.progress);
            return true;
          };
          return flatbed::copy(plan_, given_.registry, observer, stop, std::move(steps_));
        },
        *raised_, std::stop_source(), progress);
    return value_of(std::move(receipt));
  }

 private:
  Given given_;
  Plan plan_{};
  std::vector<std::unique_ptr<Processor>> steps_{};
  std::shared_ptr<Raised> raised_ = std::make_shared<Raised>();
  bool ran_ = false;
};

Receipt copy_all(const py::object& source, const py::object& target, const py::object& columns,
                 const py::object& rename, const py::object& types, const py::object& source_options,
                 const py::object& target_options, const py::object& rejects, const py::object& progress,
                 const py::object& client, const py::kwargs& options) {
  return PythonPipeline(source, source_options, columns, rename, types)
      .by_client(client)
      .sink(target, target_options)
      .run(rejects, py::none(), progress, options);
}

}  // namespace

void bind_runs(py::module_& module) {
  const auto none = py::none();
  py::class_<Reader>(module, "Reader", "Rows of a source, read once: iterate over batches, or hand it on as a stream.")
      .def_property_readonly("schema", &Reader::schema)
      .def_property_readonly(
          "position",
          [](const Reader& reader) {
            const Position position = reader.position();
            return py::make_tuple(position.bytes, position.records);
          },
          "Bytes and records read so far.")
      .def("close", &Reader::close)
      .def("__iter__", [](py::object reader) { return reader; })
      .def("__next__", &Reader::next)
      .def("__enter__", [](py::object reader) { return reader; })
      .def("__exit__", [](Reader& reader, const py::args&) { reader.close(); })
      .def("__arrow_c_schema__", [](const Reader& reader) { return schema_capsule(reader.schema()); })
      .def(
          "__arrow_c_stream__", [](Reader& reader, const py::object&) { return reader.stream(); },
          "requested_schema"_a = none);
  py::class_<PythonPipeline>(module, "Pipeline", "A run to be: a source, steps, a target.")
      .def(py::init<const py::object&, const py::object&, const py::object&, const py::object&, const py::object&>(),
           "source"_a, py::kw_only(), "options"_a = none, "columns"_a = none, "rename"_a = none, "types"_a = none)
      .def("then", &PythonPipeline::then, "step"_a, py::return_value_policy::reference,
           "Adds a step: a callable that takes a Batch and returns a flag for each row to keep, or an Arrow batch of "
           "as\n"
           "many rows. It is called first with a batch of no rows.")
      .def("sink", &PythonPipeline::sink, "target"_a, py::kw_only(), "options"_a = none,
           py::return_value_policy::reference, "Sets the target.")
      .def(
          "run",
          [](PythonPipeline& pipeline, const py::object& rejects, const py::object& rejects_options,
             const py::object& progress,
             const py::kwargs& options) { return pipeline.run(rejects, rejects_options, progress, options); },
          py::kw_only(), "rejects"_a = none, "rejects_options"_a = none, "progress"_a = none,
          "Runs to the end and returns the receipt. Other keywords are options of the run.");
  module.def(
      "copy", &copy_all, "source"_a, "target"_a, py::kw_only(), "columns"_a = none, "rename"_a = none, "types"_a = none,
      "source_options"_a = none, "target_options"_a = none, "rejects"_a = none, "progress"_a = none, "client"_a = none,
      "Copies a source to a target and returns the receipt. `client`, of clickhouse_connect, carries what goes to an\n"
      "address client:database/table. Other keywords are options of the run.");
  module.def("read_csv", &read_rows, "source"_a, py::kw_only(), "columns"_a = none, "types"_a = none,
             "options"_a = none, "threads"_a = none, "memory"_a = none, "Opens a text file as typed batches.");
  module.def("read_json", &read_json, "source"_a, py::kw_only(), "columns"_a = none, "types"_a = none,
             "options"_a = none, "threads"_a = none, "memory"_a = none,
             "Opens a file of JSON, lines or an array or values, as typed batches.");
}

}  // namespace flatbed::python
