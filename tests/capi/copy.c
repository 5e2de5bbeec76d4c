/* Copying through the C interface: options, steps, streams, progress, cancelling. */
#include <pthread.h>
#include <time.h>

#include "check.h"

static flatbed_receipt_info counts_of(flatbed_receipt* receipt) {
  flatbed_receipt_info counts = FLATBED_RECEIPT_INFO_INIT;
  flatbed_receipt_get(receipt, &counts);
  flatbed_receipt_free(receipt);
  return counts;
}

static void copies_columns(flatbed_context* context) {
  const char* source = write_file("in.csv", "id,name,amount\n1,ann,10\n2,bob,20\n");
  const char* target = in_folder("out.tsv");
  flatbed_options* run = NULL;
  flatbed_receipt* receipt = NULL;
  remove(target);
  CHECK_OK(flatbed_options_new(&run, &error));
  CHECK_OK(flatbed_options_set(run, "columns", "amount,id", &error));
  CHECK_OK(flatbed_copy(context, source, NULL, target, NULL, run, &receipt, &error));
  CHECK_TEXT(read_file(target), "amount\tid\n10\t1\n20\t2\n");
  CHECK(strstr(flatbed_receipt_json(receipt), "\"loaded\": 2") != NULL);
  const flatbed_receipt_info counts = counts_of(receipt);
  CHECK(counts.read == 2 && counts.loaded == 2 && counts.balanced == 1);
  receipt = NULL;
  CHECK(flatbed_copy(context, source, NULL, target, NULL, run, &receipt, NULL) == FLATBED_TARGET_EXISTS);
  CHECK(receipt == NULL);
  flatbed_options_free(run);
}

static void describes_a_file(flatbed_context* context) {
  const char* source = write_file("semi.csv", "id;name;born\n1;'a;b';2001-02-03\n2;'c;d';2004-05-06\n");
  flatbed_dialect* dialect = NULL;
  flatbed_schema* schema = NULL;
  const char* ddl = NULL;
  CHECK_OK(flatbed_sniff(context, source, NULL, &dialect, &error));
  CHECK_TEXT(flatbed_dialect_get(dialect, "delimiter"), ";");
  CHECK_TEXT(flatbed_dialect_get(dialect, "quote"), "'");
  CHECK_TEXT(flatbed_dialect_get(dialect, "header"), "true");
  CHECK(flatbed_dialect_get(dialect, "nothing") == NULL);
  CHECK(strstr(flatbed_dialect_json(dialect), "\"has_header\": true") != NULL);
  flatbed_dialect_free(dialect);
  CHECK_OK(flatbed_schema_open(context, source, NULL, &schema, &error));
  CHECK(flatbed_schema_size(schema) == 3);
  CHECK_TEXT(flatbed_schema_name(schema, 2), "born");
  CHECK_TEXT(flatbed_schema_type(schema, 2), "Date");
  CHECK(flatbed_schema_type(schema, 3) == NULL && flatbed_schema_decided_by(schema, 3) == NULL);
  CHECK_OK(flatbed_schema_ddl(schema, "db.people", "id", &ddl, &error));
  CHECK(strstr(ddl, "CREATE TABLE") == ddl && strstr(ddl, "ORDER BY") != NULL);
  flatbed_schema_free(schema);
}

/* Keeps the rows of odd ids; the column is an integer of at most 8 bytes. */
static int32_t keep_odd(void* user_data, const struct ArrowSchema* schema, const struct ArrowArray* batch,
                        uint8_t* keep) {
  const char* values = (const char*)batch->children[0]->buffers[1];
  const size_t width = schema->children[0]->format[0] == 'C' ? 1 : 8;
  ++*(int*)user_data;
  for (int64_t row = 0; row < batch->length; ++row) keep[row] = (uint8_t)(values[(size_t)row * width] & 1);
  return 0;
}

static int32_t pass_on(void* user_data, struct ArrowSchema* schema, struct ArrowArray* batch) {
  ++*(int*)user_data;
  return schema->n_children == batch->n_children ? 0 : 1;
}

static int32_t refuse(void* user_data, struct ArrowSchema* schema, struct ArrowArray* batch) {
  (void)user_data;
  (void)schema;
  (void)batch;
  return 7;
}

static void runs_steps(flatbed_context* context) {
  const char* text = "id,name\n1,one\n2,two\n3,three\n";
  const char* target = in_folder("odd.csv");
  flatbed_pipeline* pipeline = NULL;
  flatbed_receipt* receipt = NULL;
  int filtered = 0, passed = 0;
  remove(target);
  CHECK_OK(flatbed_pipeline_new(context, &pipeline, &error));
  CHECK_OK(flatbed_pipeline_source_memory(pipeline, text, strlen(text), NULL, &error));
  CHECK_OK(flatbed_pipeline_target(pipeline, target, NULL, &error));
  CHECK_OK(flatbed_pipeline_rename(pipeline, "name", "word", &error));
  CHECK_OK(flatbed_pipeline_filter(pipeline, keep_odd, &filtered, &error));
  CHECK_OK(flatbed_pipeline_then(pipeline, pass_on, &passed, &error));
  CHECK_OK(flatbed_pipeline_run(pipeline, &receipt, &error));
  flatbed_pipeline_free(pipeline);
  CHECK_TEXT(read_file(target), "id,word\n1,one\n3,three\n");
  CHECK(filtered >= 2 && passed >= 2); /* once to learn the columns */
  const flatbed_receipt_info counts = counts_of(receipt);
  CHECK(counts.read == 3 && counts.loaded == 2 && counts.filtered == 1 && counts.balanced == 1);
}

static void hears_of_a_failing_step(flatbed_context* context) {
  const char* target = in_folder("never.csv");
  flatbed_pipeline* pipeline = NULL;
  flatbed_receipt* receipt = NULL;
  flatbed_error* failed = NULL;
  CHECK_OK(flatbed_pipeline_new(context, &pipeline, &error));
  CHECK_OK(flatbed_pipeline_source_memory(pipeline, "a\n1\n", 4, NULL, &error));
  CHECK_OK(flatbed_pipeline_target(pipeline, target, NULL, &error));
  CHECK_OK(flatbed_pipeline_then(pipeline, refuse, NULL, &error));
  CHECK(flatbed_pipeline_run(pipeline, &receipt, &failed) == FLATBED_USAGE);
  CHECK_TEXT(flatbed_error_message(failed), "a callback of a step answered 7");
  flatbed_error_free(failed);
  flatbed_pipeline_free(pipeline);
  CHECK(fopen(target, "rb") == NULL);
}

static void carries_a_stream(flatbed_context* context) {
  const char* source = write_file("stream.csv", "id,name\n1,one\n2,two\n");
  const char* target = in_folder("from_stream.csv");
  struct ArrowArrayStream stream;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  flatbed_pipeline* pipeline = NULL;
  flatbed_receipt* receipt = NULL;
  remove(target);
  CHECK_OK(flatbed_read(context, source, NULL, "name,id", &stream, &error));
  CHECK_OK(flatbed_pipeline_new(context, &pipeline, &error));
  CHECK_OK(flatbed_pipeline_source_stream(pipeline, &stream, &error));
  CHECK(stream.release == NULL); /* moved in */
  CHECK_OK(flatbed_pipeline_target(pipeline, target, NULL, &error));
  CHECK_OK(flatbed_pipeline_run(pipeline, &receipt, &error));
  flatbed_pipeline_free(pipeline);
  flatbed_receipt_free(receipt);
  CHECK_TEXT(read_file(target), "name,id\none,1\ntwo,2\n");
  CHECK_OK(flatbed_preview(context, source, NULL, 1, &schema, &batch, &error));
  CHECK(batch.length == 1 && schema.n_children == 2);
  CHECK_TEXT(schema.children[1]->name, "name");
  batch.release(&batch);
  schema.release(&schema);
}

static void diverts_rejects(flatbed_context* context) {
  const char* source = write_file("some_bad.csv", "id,name\n1,one\nx,two\n3\n4,four\n");
  const char* target = in_folder("good.csv");
  const char* rejects = in_folder("rejects.csv");
  flatbed_pipeline* pipeline = NULL;
  flatbed_receipt* receipt = NULL;
  remove(target);
  remove(rejects);
  CHECK_OK(flatbed_pipeline_new(context, &pipeline, &error));
  CHECK_OK(flatbed_pipeline_source(pipeline, source, NULL, &error));
  CHECK_OK(flatbed_pipeline_target(pipeline, target, NULL, &error));
  CHECK_OK(flatbed_pipeline_rejects(pipeline, rejects, NULL, &error));
  CHECK_OK(flatbed_pipeline_type(pipeline, "id", "UInt8", &error));
  CHECK_OK(flatbed_pipeline_run(pipeline, &receipt, &error));
  flatbed_pipeline_free(pipeline);
  CHECK_TEXT(read_file(target), "id,name\n1,one\n4,four\n");
  CHECK(strstr(read_file(rejects), "FB-TYPE-0102") != NULL && strstr(read_file(rejects), "FB-CSV-0101") != NULL);
  const flatbed_receipt_info counts = counts_of(receipt);
  CHECK(counts.read == 4 && counts.loaded == 2 && counts.rejected == 2 && counts.balanced == 1);
}

struct Watch {
  int events, rejected, finished;
};

static int32_t watch(void* user_data, const flatbed_event* event) {
  struct Watch* seen = (struct Watch*)user_data;
  ++seen->events;
  if (event->kind == FLATBED_EVENT_REJECTED && event->reject != NULL) ++seen->rejected;
  if (event->kind == FLATBED_EVENT_FINISHED && event->rows_read == 3) ++seen->finished;
  return event->struct_size >= sizeof(flatbed_event) ? 0 : 1;
}

static void tells_its_progress(flatbed_context* context) {
  const char* text = "id,name\n1,one\n2\n3,three\n";
  const char* target = in_folder("watched.csv");
  struct Watch seen = {0, 0, 0};
  flatbed_pipeline* pipeline = NULL;
  flatbed_receipt* receipt = NULL;
  remove(target);
  CHECK_OK(flatbed_pipeline_new(context, &pipeline, &error));
  CHECK_OK(flatbed_pipeline_source_memory(pipeline, text, strlen(text), NULL, &error));
  CHECK_OK(flatbed_pipeline_target(pipeline, target, NULL, &error));
  CHECK_OK(flatbed_pipeline_set(pipeline, "on_reject", "skip", &error));
  CHECK_OK(flatbed_pipeline_observe(pipeline, watch, &seen, &error));
  CHECK_OK(flatbed_pipeline_run(pipeline, &receipt, &error));
  flatbed_pipeline_free(pipeline);
  flatbed_receipt_free(receipt);
  CHECK(seen.events >= 3 && seen.rejected == 1 && seen.finished == 1);
}

/* A stream without an end: the same file, over and over. */
static const char* endless_path = NULL;

static int endless_schema(struct ArrowArrayStream* stream, struct ArrowSchema* out) {
  struct ArrowArrayStream* inner = (struct ArrowArrayStream*)stream->private_data;
  return inner->get_schema(inner, out);
}

static int endless_next(struct ArrowArrayStream* stream, struct ArrowArray* out) {
  const struct timespec pause = {0, 1000000};
  struct ArrowArrayStream* inner = (struct ArrowArrayStream*)stream->private_data;
  int failed = inner->get_next(inner, out);
  nanosleep(&pause, NULL);
  if (failed == 0 && out->release == NULL) {
    flatbed_context* context = NULL;
    inner->release(inner);
    CHECK_OK(flatbed_context_new(&context, &error));
    CHECK_OK(flatbed_read(context, endless_path, NULL, NULL, inner, &error));
    flatbed_context_free(context);
    return inner->get_next(inner, out);
  }
  return failed;
}

static const char* no_error(struct ArrowArrayStream* stream) {
  (void)stream;
  return NULL;
}

static void endless_release(struct ArrowArrayStream* stream) {
  struct ArrowArrayStream* inner = (struct ArrowArrayStream*)stream->private_data;
  inner->release(inner);
  stream->release = NULL;
}

static void* cancel_later(void* pipeline) {
  const struct timespec pause = {0, 200000000};
  nanosleep(&pause, NULL);
  flatbed_pipeline_cancel((flatbed_pipeline*)pipeline);
  return NULL;
}

static void is_cancelled(flatbed_context* context) {
  const char* target = in_folder("cancelled.csv");
  struct ArrowArrayStream inner;
  struct ArrowArrayStream endless = {endless_schema, endless_next, no_error, endless_release, &inner};
  flatbed_pipeline* pipeline = NULL;
  flatbed_receipt* receipt = NULL;
  pthread_t thread;
  const time_t began = time(NULL);
  endless_path = write_file("endless.csv", "id\n1\n");
  CHECK_OK(flatbed_read(context, endless_path, NULL, NULL, &inner, &error));
  CHECK_OK(flatbed_pipeline_new(context, &pipeline, &error));
  CHECK_OK(flatbed_pipeline_source_stream(pipeline, &endless, &error));
  CHECK_OK(flatbed_pipeline_target(pipeline, target, NULL, &error));
  CHECK(pthread_create(&thread, NULL, cancel_later, pipeline) == 0);
  CHECK(flatbed_pipeline_run(pipeline, &receipt, NULL) == FLATBED_CANCELLED);
  pthread_join(thread, NULL);
  flatbed_pipeline_free(pipeline);
  CHECK(receipt == NULL && time(NULL) - began <= 5);
  CHECK(fopen(target, "rb") == NULL);
}

int main(int argc, char** argv) {
  flatbed_context* context = NULL;
  if (argc > 1) folder = argv[1];
  CHECK_OK(flatbed_context_new(&context, &error));
  copies_columns(context);
  describes_a_file(context);
  runs_steps(context);
  hears_of_a_failing_step(context);
  carries_a_stream(context);
  diverts_rejects(context);
  tells_its_progress(context);
  is_cancelled(context);
  flatbed_context_free(context);
  return failures != 0;
}
