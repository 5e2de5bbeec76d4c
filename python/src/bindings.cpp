// The Python module. Enters: Python calls. Leaves: the library's calls and their outcome as Python objects. It parses
// nothing and decides nothing. Every call that may take long runs in a thread of its own, while the calling thread
// waits without the GIL and wakes ten times a second for signals and progress.
#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <flatbed/flatbed.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "columns/arrow_c.hpp"
#include "columns/format.hpp"
#include "connect/file.hpp"
#include "pipeline/given.hpp"
#include "pipeline/run_options.hpp"
#include "process/outside.hpp"

namespace py = pybind11;
using namespace flatbed;
using namespace py::literals;

namespace {

constexpr auto kTick = std::chrono::milliseconds(100);

// ---- Errors ----

// Text that may quote data: bytes that are not UTF-8 are shown as \xNN.
py::str shown(std::string_view text) {
  PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

py::dict record_of(const Error& error) {
  const Location& where = error.where;
  return py::dict("code"_a = code_name(error.code), "message"_a = shown(error.message), "uri"_a = shown(where.uri),
                  "byte"_a = where.byte, "line"_a = where.line, "record"_a = where.record, "column"_a = where.column,
                  "column_name"_a = shown(where.column_name), "expected"_a = shown(error.expected),
                  "hint"_a = shown(error.hint), "raw"_a = py::bytes(error.raw), "native_code"_a = error.native_code,
                  "exit_code"_a = exit_code(error));
}

py::object exception_of(const Error& error) {
  return py::module_::import("flatbed.errors").attr("_from_record")(shown(to_string(error)), record_of(error));
}

[[noreturn]] void raise(const Error& error) {
  const py::object exception = exception_of(error);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
  throw py::error_already_set();
}

template <class T>
T value_of(Result<T> result) {
  if (!result) raise(result.error());
  return *std::move(result);
}

void check(Status status) {
  if (!status) raise(status.error());
}

// ---- Waiting ----

// The first exception of Python code that ran for a pipeline; it is what the caller gets to see.
struct Raised {
  std::mutex mutex{};
  std::optional<py::error_already_set> first{};

  // REQUIRES: the GIL.
  void keep(py::error_already_set exception) {
    const std::lock_guard lock(mutex);
    if (!first) first.emplace(std::move(exception));
  }
};

struct Waiting {
  std::mutex mutex{};
  std::condition_variable changed{};
  bool done = false;
  std::optional<Progress> progress{};  // not yet shown

  bool wait(std::optional<Progress>& fresh) {
    std::unique_lock lock(mutex);
    const bool ended = changed.wait_for(lock, kTick, [&] { return done; });
    fresh = std::exchange(progress, std::nullopt);
    return ended;
  }
  void show(const Progress& latest) {
    const std::lock_guard lock(mutex);
    progress = latest;
  }
  void end() {
    const std::lock_guard lock(mutex);
    done = true;
    changed.notify_all();
  }
};

// Asks Python for signals and shows progress. REQUIRES: the GIL.
void look_up(const std::optional<Progress>& fresh, const py::object& progress) {
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  if (fresh && !progress.is_none()) progress(*fresh);
}

// Runs `work(stop, waiting)` in a thread and returns its result. When a signal or the progress callback raises, the
// work is stopped and joined, and what was raised goes on. REQUIRES: the GIL.
template <class Work>
auto waiting_for(Work work, Raised& raised, std::stop_source stop, const py::object& progress = py::none()) {
  using Outcome = decltype(work(stop.get_token(), std::declval<Waiting&>()));
  std::optional<Outcome> outcome;
  std::exception_ptr thrown;
  Waiting waiting;
  std::thread worker([&] {
    try {
      outcome.emplace(work(stop.get_token(), waiting));
    } catch (...) {
      thrown = std::current_exception();
    }
    waiting.end();
  });
  {
    const py::gil_scoped_release released;
    std::optional<Progress> fresh;
    for (bool ended = false; !ended;) {
      ended = waiting.wait(fresh);
      if (stop.stop_requested() || (ended && !fresh)) continue;
      const py::gil_scoped_acquire acquired;
      try {
        look_up(fresh, progress);
      } catch (py::error_already_set& exception) {
        raised.keep(std::move(exception));
        stop.request_stop();
      }
    }
    worker.join();
  }
  if (raised.first) throw std::move(*raised.first);
  if (thrown) std::rethrow_exception(thrown);
  return *std::move(outcome);
}

template <class Work>
auto waiting_for(Work work) {
  Raised raised;
  return waiting_for([&](std::stop_token stop, Waiting&) { return work(stop); }, raised, {});
}

// ---- Options ----

// A list of names as one text, quoted as the options of the library are.
std::string joined(const py::sequence& names) {
  std::string text;
  for (const py::handle name : names) {
    std::string quoted;
    for (const char c : py::cast<std::string>(name)) quoted += c == '"' ? "\"\"" : std::string(1, c);
    text += (text.empty() ? "\"" : ",\"") + quoted + "\"";
  }
  return text;
}

std::string option_text(const py::handle& value) {
  if (py::isinstance<py::str>(value)) return py::cast<std::string>(value);
  if (py::isinstance<py::bool_>(value)) return py::cast<bool>(value) ? "true" : "false";
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    return joined(py::reinterpret_borrow<py::sequence>(value));
  }
  if (py::hasattr(value, "__fspath__")) return py::cast<std::string>(py::str(value.attr("__fspath__")()));
  return py::cast<std::string>(py::str(value));
}

using Pairs = std::map<std::string, std::string>;

Pairs option_pairs(const py::object& options) {
  Pairs pairs;
  if (options.is_none()) return pairs;
  for (const auto& [name, value] : py::dict(options)) {
    if (!value.is_none()) pairs[py::cast<std::string>(name)] = option_text(value);
  }
  return pairs;
}

std::vector<std::pair<std::string, std::string>> name_pairs(const py::object& names) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (names.is_none()) return pairs;
  for (const auto& [from, to] : py::dict(names)) {
    pairs.emplace_back(py::cast<std::string>(from), py::cast<std::string>(to));
  }
  return pairs;
}

const Registry& builtins() {
  static const Registry registry = Registry::with_builtins();  // constant once made
  return registry;
}

// ---- Arrow ----

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

template <class T>
T* arrow_pointer(const py::handle& capsule, const char* name) {
  void* pointer = PyCapsule_GetPointer(capsule.ptr(), name);
  if (pointer == nullptr) throw py::error_already_set();
  return static_cast<T*>(pointer);
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

// ---- Sources ----

// The bytes of a Python object, held until the last view of them is gone.
std::pair<std::string_view, std::shared_ptr<const void>> bytes_of(const py::handle& object) {
  auto held = std::shared_ptr<Py_buffer>(new Py_buffer{}, [](Py_buffer* buffer) {
    const py::gil_scoped_acquire acquired;
    PyBuffer_Release(buffer);
    delete buffer;
  });
  if (PyObject_GetBuffer(object.ptr(), held.get(), PyBUF_SIMPLE) != 0) throw py::error_already_set();
  return {{static_cast<const char*>(held->buf), static_cast<size_t>(held->len)}, held};
}

// An endpoint that a caller gave as an object, and the registry that knows it.
struct Given {
  Registry registry = builtins();
  Endpoint endpoint{};
};

// A path or an address; names of files may be any bytes.
std::string address_of(const py::object& object) {
  return py::cast<std::string>(py::module_::import("os").attr("fsencode")(object));
}

Given given_source(const py::object& source, const py::object& options) {
  Given given;
  given.endpoint.options = option_pairs(options);
  if (py::hasattr(source, "__arrow_c_stream__")) {
    given.endpoint.uri = kGivenUri;
    check(given.registry.add(given_connector(source_of_stream(source))));
  } else if (py::hasattr(source, "__arrow_c_array__")) {
    Batch batch = batch_of_array(source);
    Schema schema = batch.schema();
    given.endpoint.uri = kGivenUri;
    check(given.registry.add(given_connector(memory_source(std::move(schema), {std::move(batch)}))));
  } else if (PyObject_CheckBuffer(source.ptr())) {
    auto [bytes, owner] = bytes_of(source);
    given.endpoint.uri = kBytesUri;
    check(given.registry.add(bytes_connector(bytes, std::move(owner))));
  } else {
    given.endpoint.uri = address_of(source);
  }
  return given;
}

Endpoint target_of(const py::object& target, const py::object& options) {
  return {.uri = address_of(target), .options = option_pairs(options)};
}

// ---- Steps ----

std::optional<std::vector<uint8_t>> flags_of(const py::object& answer) {
  std::vector<uint8_t> keep;
  if (py::isinstance<py::list>(answer) || py::isinstance<py::tuple>(answer)) {
    for (const py::handle flag : py::sequence(answer)) keep.push_back(py::cast<bool>(flag));
    return keep;
  }
  if (!PyObject_CheckBuffer(answer.ptr())) return std::nullopt;
  const py::buffer_info info = py::reinterpret_borrow<py::buffer>(answer).request();
  if (info.ndim != 1 || info.itemsize != 1 || (info.format != "?" && info.format != "B")) return std::nullopt;
  for (py::ssize_t row = 0; row < info.shape[0]; ++row) {
    keep.push_back(static_cast<const uint8_t*>(info.ptr)[row * info.strides[0]] != 0);
  }
  return keep;
}

// Appends the flags of a boolean Arrow array; a NULL does not keep its row.
void append_flags(const ArrowArray& array, std::vector<uint8_t>& keep) {
  const auto bit = [&](const void* bits, int64_t row) {
    const int64_t at = row + array.offset;
    return bits == nullptr || ((static_cast<const uint8_t*>(bits)[at / 8] >> (at % 8)) & 1) != 0;
  };
  for (int64_t row = 0; row < array.length; ++row) {
    keep.push_back(bit(array.buffers[0], row) && bit(array.buffers[1], row));
  }
}

// An Arrow struct that is released at the end of its scope.
template <class T>
struct Owned : T {
  Owned() : T{} {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (this->release != nullptr) this->release(this);
  }
};

Error stream_failed(ArrowArrayStream& stream) {
  const char* text = stream.get_last_error(&stream);
  return {.code = Code::kReadFailed, .message = text == nullptr ? "the stream failed" : text};
}

Result<Answer> answer_of_stream(ArrowArrayStream* stream) {
  Owned<ArrowSchema> schema;
  if (stream->get_schema(stream, &schema) != 0) return stream_failed(*stream);
  if (std::string_view(schema.format) != "b") {
    auto source = stream_source(stream);
    if (!source) return std::move(source).error();
    auto batch = only_batch(**source);
    if (!batch) return std::move(batch).error();
    return Answer{.batch = std::move(*batch)};
  }
  std::vector<uint8_t> keep;
  for (;;) {
    Owned<ArrowArray> array;
    if (stream->get_next(stream, &array) != 0) return stream_failed(*stream);
    if (array.release == nullptr) return Answer{.keep = std::move(keep)};
    append_flags(array, keep);
  }
}

Result<Answer> answer_of_array(ArrowSchema* schema, ArrowArray* array) {
  if (std::string_view(schema->format) == "b") {
    std::vector<uint8_t> keep;
    append_flags(*array, keep);
    return Answer{.keep = std::move(keep)};
  }
  auto batch = import_batch(schema, array);
  if (!batch) return std::move(batch).error();
  return Answer{.batch = std::move(*batch)};
}

Result<Answer> answer_of(const py::object& answer) {
  if (auto keep = flags_of(answer)) return Answer{.keep = std::move(*keep)};
  if (py::hasattr(answer, "__arrow_c_array__")) {
    const py::tuple capsules = answer.attr("__arrow_c_array__")();
    return answer_of_array(arrow_pointer<ArrowSchema>(capsules[0], "arrow_schema"),
                           arrow_pointer<ArrowArray>(capsules[1], "arrow_array"));
  }
  if (py::hasattr(answer, "__arrow_c_stream__")) {
    const py::object capsule = answer.attr("__arrow_c_stream__")();
    return answer_of_stream(arrow_pointer<ArrowArrayStream>(capsule, "arrow_array_stream"));
  }
  return Error{
      .code = Code::kUsage,
      .message = "a step answered with " + py::cast<std::string>(py::str(py::type::of(answer).attr("__name__"))),
      .expected = "a flag for each row, or an Arrow batch"};
}

// Makes a step of a Python callable. It is called in the pipeline's thread, which takes the GIL for the call.
OutsideStep python_step(py::object callable, std::shared_ptr<Raised> raised) {
  const std::shared_ptr<py::object> held(new py::object(std::move(callable)), [](py::object* object) {
    const py::gil_scoped_acquire acquired;
    delete object;
  });
  return [held, raised](const Batch& batch) -> Result<Answer> {
    const py::gil_scoped_acquire acquired;
    try {
      return answer_of((*held)(batch));
    } catch (py::error_already_set& exception) {
      raised->keep(std::move(exception));
    } catch (const py::cast_error& problem) {
      return Error{.code = Code::kUsage, .message = problem.what()};
    }
    return Error{.code = Code::kUsage, .message = "a step raised an exception"};
  };
}

// ---- Reader ----

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
    auto* arrow = new ArrowArrayStream{};
    py::capsule capsule(arrow, "arrow_array_stream", delete_stream);
    position_ = source_->position();
    check(export_stream(std::make_unique<OpenedSource>(std::move(source_), schema_), {}, arrow));
    return capsule;
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

std::unique_ptr<Reader> read_csv(const py::object& source, const py::object& columns, const py::object& types,
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

  PythonPipeline& sink(const py::object& target, const py::object& options) {
    plan_.target = target_of(target, options);
    return *this;
  }

  Receipt run(const py::object& rejects, const py::object& rejects_options, const py::object& on_reject,
              const py::object& max_rejects, const py::object& threads, const py::object& memory,
              const py::object& progress) {
    if (std::exchange(ran_, true)) raise({.code = Code::kUsage, .message = "the pipeline ran before"});
    if (!rejects.is_none()) plan_.rejects = target_of(rejects, rejects_options);
    const py::dict options("on_reject"_a = on_reject, "max_rejects"_a = max_rejects, "threads"_a = threads,
                           "memory"_a = memory);
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
                 const py::object& target_options, const py::object& rejects, const py::object& on_reject,
                 const py::object& max_rejects, const py::object& threads, const py::object& memory,
                 const py::object& progress) {
  return PythonPipeline(source, source_options, columns, rename, types)
      .sink(target, target_options)
      .run(rejects, py::none(), on_reject, max_rejects, threads, memory, progress);
}

// ---- Looking ----

Dialect sniff_object(const py::object& source, const py::object& options) {
  if (PyObject_CheckBuffer(source.ptr())) return value_of(sniff(bytes_of(source).first, option_pairs(options)));
  const Given given = given_source(source, options);
  return value_of(waiting_for([&](std::stop_token stop) { return sniff(given.endpoint, stop); }));
}

Schema schema_of(const py::object& source, const py::object& options) {
  const Given given = given_source(source, options);
  return value_of(waiting_for([&](std::stop_token stop) { return discover(given.endpoint, given.registry, stop); }));
}

Batch preview_of(const py::object& source, size_t rows, const py::object& options) {
  const Given given = given_source(source, options);
  return value_of(
      waiting_for([&](std::stop_token stop) { return preview(given.endpoint, rows, given.registry, stop); }));
}

std::vector<TableInfo> tables_of(const py::object& source, const py::object& options) {
  const Given given = given_source(source, options);
  return value_of(waiting_for([&](std::stop_token stop) { return given.registry.tables(given.endpoint, stop); }));
}

py::list names_of(const Schema& schema) {
  py::list names;
  for (const Field& field : schema.fields) names.append(field.name);
  return names;
}

py::object cell_of(const Column& column, size_t row) {
  if (column.is_null(row)) return py::none();
  std::string text;
  append_value(column, row, text);
  return shown(text);
}

py::list texts_of(const Batch& batch) {
  py::list rows;
  for (size_t row = 0; row < batch.rows(); ++row) {
    py::tuple cells(batch.columns().size());
    for (size_t i = 0; i < batch.columns().size(); ++i) {
      cells[i] = cell_of(batch.column(i), row);
    }
    rows.append(std::move(cells));
  }
  return rows;
}

py::list rejects_of(const Receipt& receipt) {
  py::list rejects;
  for (const Error& reject : receipt.first_rejects) rejects.append(exception_of(reject));
  return rejects;
}

py::dict reject_counts(const Receipt& receipt) {
  py::dict counts;
  for (const auto& [code, count] : receipt.rejects_by_code) counts[py::str(code_name(code))] = count;
  return counts;
}

std::string show(const Receipt& receipt) {
  return "<flatbed.Receipt read=" + std::to_string(receipt.read) + " loaded=" + std::to_string(receipt.loaded) +
         " rejected=" + std::to_string(receipt.rejected) + " filtered=" + std::to_string(receipt.filtered) + ">";
}

std::string show(std::string_view kind, std::string_view what) {
  return "<flatbed." + std::string(kind) + " " + std::string(what) + ">";
}

bool serves(const OptionSpec& option, Use use) {
  return (static_cast<unsigned>(option.use) & static_cast<unsigned>(use)) != 0;
}

// ---- The module ----

void bind_schema(py::module_& module) {
  py::class_<Field>(module, "Field", "A column's name and type.")
      .def_readonly("name", &Field::name)
      .def_property_readonly(
          "type", [](const Field& field) { return to_string(field.type); }, "The type as ClickHouse writes it.")
      .def_readonly("decided_by", &Field::decided_by, "Who chose the type.")
      .def("__repr__", [](const Field& field) { return show("Field", field.name + " " + to_string(field.type)); });
  py::class_<Schema>(module, "Schema", "The columns of a source, in order.")
      .def("__len__", &Schema::size)
      .def("__getitem__",
           [](const Schema& schema, py::ssize_t index) {
             const auto size = static_cast<py::ssize_t>(schema.size());
             if (index < -size || index >= size) throw py::index_error("no such column");
             return schema.fields[static_cast<size_t>(index < 0 ? index + size : index)];
           })
      .def("__iter__", [](const Schema& schema) { return py::iter(py::cast(schema.fields)); })
      .def_property_readonly("names", &names_of)
      .def(
          "ddl",
          [](const Schema& schema, const std::string& table, const py::object& order_by) {
            return create_table(
                schema, table,
                order_by.is_none() ? std::vector<std::string>() : order_by.cast<std::vector<std::string>>());
          },
          "table"_a, "order_by"_a = py::none(), "Returns the statement that creates a table for these columns.")
      .def("to_json", [](const Schema& schema) { return to_json(schema); })
      .def("__arrow_c_schema__", &schema_capsule)
      .def("__repr__", [](const Schema& schema) { return show("Schema", to_string(schema)); });
  py::class_<Batch>(module, "Batch", "Some rows of a schema, in Arrow's layout.")
      .def("__len__", &Batch::rows)
      .def_property_readonly("schema", [](const Batch& batch) { return batch.schema(); })
      .def_property_readonly("column_names", [](const Batch& batch) { return names_of(batch.schema()); })
      .def("texts", &texts_of, "Returns the rows as tuples of text, None for NULL.")
      .def("__arrow_c_schema__", [](const Batch& batch) { return schema_capsule(batch.schema()); })
      .def(
          "__arrow_c_array__", [](const Batch& batch, const py::object&) { return array_capsules(batch); },
          "requested_schema"_a = py::none());
}

void bind_dialect(py::module_& module) {
  py::class_<Dialect>(module, "Dialect", "How a text file is written.")
      .def_property_readonly("delimiter", [](const Dialect& dialect) { return dialect.delimiter.value; })
      .def_property_readonly("quote", [](const Dialect& dialect) { return dialect.quote.value; })
      .def_property_readonly("escape", [](const Dialect& dialect) { return dialect.escape.value; })
      .def_property_readonly("newline", [](const Dialect& dialect) { return dialect.newline.value; })
      .def_property_readonly("header", [](const Dialect& dialect) { return dialect.header.value; })
      .def_property_readonly("skip_rows", [](const Dialect& dialect) { return dialect.skip_rows.value; })
      .def_property_readonly("encoding", [](const Dialect& dialect) { return dialect.encoding.value; })
      .def_readonly("score", &Dialect::score, "Of the winner, 0 to 1.")
      .def_readonly("runner_up", &Dialect::runner_up, "What came second, and its score.")
      .def("to_json", [](const Dialect& dialect) { return to_json(dialect); })
      .def("__str__", [](const Dialect& dialect) { return to_string(dialect); })
      .def("__repr__", [](const Dialect& dialect) { return show("Dialect", to_string(dialect)); });
}

void bind_receipt(py::module_& module) {
  py::class_<Receipt>(module, "Receipt", "What a run did: read = loaded + rejected + duplicate + filtered.")
      .def_property_readonly("source", [](const Receipt& receipt) { return shown(receipt.source); })
      .def_property_readonly("target", [](const Receipt& receipt) { return shown(receipt.target); })
      .def_readonly("schema", &Receipt::schema, "The columns as written.")
      .def_property_readonly(
          "settings",
          [](const Receipt& receipt) {
            py::dict settings;
            for (const auto& [name, value] : receipt.settings) settings[py::str(name)] = value;
            return settings;
          },
          "The source's settings and who chose them.")
      .def_readonly("read", &Receipt::read)
      .def_readonly("loaded", &Receipt::loaded, "Acknowledged by the target.")
      .def_readonly("rejected", &Receipt::rejected)
      .def_readonly("duplicate", &Receipt::duplicate)
      .def_readonly("filtered", &Receipt::filtered)
      .def_readonly("bytes_read", &Receipt::bytes_read)
      .def_readonly("bytes_written", &Receipt::bytes_written)
      .def_readonly("blocks", &Receipt::blocks)
      .def_readonly("target_rows_before", &Receipt::target_rows_before)
      .def_readonly("target_rows_after", &Receipt::target_rows_after)
      .def_readonly("seconds", &Receipt::seconds)
      .def_readonly("version", &Receipt::version)
      .def_property_readonly("balanced", &Receipt::balanced)
      .def_property_readonly("rejects_by_code", &reject_counts)
      .def_property_readonly("first_rejects", &rejects_of)
      .def("to_json", [](const Receipt& receipt) { return to_json(receipt); })
      .def("__repr__", [](const Receipt& receipt) { return show(receipt); });
  py::class_<Progress>(module, "Progress", "How far a run is.")
      .def_readonly("rows_read", &Progress::rows_read)
      .def_readonly("rows_acknowledged", &Progress::rows_acknowledged)
      .def_readonly("rows_rejected", &Progress::rows_rejected)
      .def_readonly("bytes_read", &Progress::bytes_read)
      .def_readonly("bytes_total", &Progress::bytes_total)
      .def_readonly("seconds", &Progress::seconds);
}

void bind_registry(py::module_& module) {
  py::class_<OptionSpec>(module, "Option", "An option of a connector.")
      .def_readonly("name", &OptionSpec::name)
      .def_property_readonly("type", [](const OptionSpec& option) { return option_type_name(option.type); })
      .def_readonly("help", &OptionSpec::help)
      .def_readonly("default", &OptionSpec::default_text)
      .def_readonly("choices", &OptionSpec::choices, "\"a|b|c\" for a choice, else \"\".")
      .def_property_readonly("reads", [](const OptionSpec& option) { return serves(option, Use::kRead); })
      .def_property_readonly("writes", [](const OptionSpec& option) { return serves(option, Use::kWrite); })
      .def_readonly("secret", &OptionSpec::secret)
      .def("__repr__", [](const OptionSpec& option) { return show("Option", option.name); });
  py::class_<Connector>(module, "Connector", "What serves the addresses of some schemes.")
      .def_readonly("name", &Connector::name)
      .def_readonly("schemes", &Connector::schemes)
      .def_readonly("summary", &Connector::summary)
      .def_property_readonly("reads", [](const Connector& connector) { return connector.make_source != nullptr; })
      .def_property_readonly("writes", [](const Connector& connector) { return connector.make_sink != nullptr; })
      .def_property_readonly("lists_tables",
                             [](const Connector& connector) { return connector.list_tables != nullptr; })
      .def_property_readonly("options",
                             [](const Connector& connector) {
                               return std::vector<OptionSpec>(connector.options.begin(), connector.options.end());
                             })
      .def("__repr__", [](const Connector& connector) { return show("Connector", connector.name); });
  py::class_<TableInfo>(module, "Table", "A table behind an address.")
      .def_readonly("database", &TableInfo::database)
      .def_readonly("name", &TableInfo::name)
      .def_readonly("engine", &TableInfo::engine)
      .def_readonly("rows", &TableInfo::rows)
      .def_readonly("bytes", &TableInfo::bytes)
      .def_readonly("comment", &TableInfo::comment)
      .def("__repr__", [](const TableInfo& table) { return show("Table", table.database + "." + table.name); });
}

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
      .def("run", &PythonPipeline::run, py::kw_only(), "rejects"_a = none, "rejects_options"_a = none,
           "on_reject"_a = none, "max_rejects"_a = none, "threads"_a = none, "memory"_a = none, "progress"_a = none,
           "Runs to the end and returns the receipt.");
  module.def("copy", &copy_all, "source"_a, "target"_a, py::kw_only(), "columns"_a = none, "rename"_a = none,
             "types"_a = none, "source_options"_a = none, "target_options"_a = none, "rejects"_a = none,
             "on_reject"_a = none, "max_rejects"_a = none, "threads"_a = none, "memory"_a = none, "progress"_a = none,
             "Copies a source to a target and returns the receipt.");
  module.def("read_csv", &read_csv, "source"_a, py::kw_only(), "columns"_a = none, "types"_a = none, "options"_a = none,
             "threads"_a = none, "memory"_a = none, "Opens a text file as typed batches.");
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.doc() = "The library of Flatbed.";
  module.attr("__version__") = version();
  bind_schema(module);
  bind_dialect(module);
  bind_registry(module);
  bind_receipt(module);
  bind_runs(module);
  const auto none = py::none();
  module.def("sniff", &sniff_object, "source"_a, py::kw_only(), "options"_a = none,
             "Finds the dialect of a text file.");
  module.def("schema", &schema_of, "source"_a, py::kw_only(), "options"_a = none,
             "Finds the columns of a source; those of a text file are inferred from every row.");
  module.def("preview", &preview_of, "source"_a, "rows"_a = 20, py::kw_only(), "options"_a = none,
             "Returns the first rows of a source.");
  module.def("tables", &tables_of, "uri"_a, py::kw_only(), "options"_a = none, "Lists the tables behind an address.");
  module.def("connectors", [] { return builtins().connectors(); }, "Lists the connectors and their options.");
  module.def("kernel", &kernel, "Returns the kernel that reads text in this process.");
  module.def(
      "scheme", [](const std::string& uri) { return value_of(parse_uri(uri)).scheme; }, "uri"_a,
      "Returns the scheme of an address; that of a path is \"file\".");
}
