/*
 * flatbed.h - the C interface of Flatbed, which carries rows between flat files and ClickHouse.
 * This header is the manual: what it does not name is not published.
 *
 * Conventions
 *  1. Handles are pointers to opaque structs. `_new`, `_open` and calls with a `**` out-parameter give the caller a
 *     handle; `_free` takes it back and accepts NULL. What other calls return is borrowed, and the comment says until
 *     when. Out-parameters are written on success only. Memory of the library is freed by the library.
 *  2. A call that can fail returns a flatbed_status and takes `flatbed_error** error` last, which may be NULL. On
 *     failure the caller owns the error and frees it; on success it is set to NULL.
 *  3. Text is UTF-8; names end with NUL; data is a pointer and a length. Endpoints are URIs, paths or "-".
 *  4. Options are pairs of text, declared by the library: see flatbed_option_get. A secret is never put in a message.
 *  5. Structs that cross begin with struct_size, which the caller sets (or uses the _INIT macro); they only grow, at
 *     the end. A flag is an int32_t, 0 or 1.
 *  6. Threads: different handles are free; calls on one handle are made one after the other. Exceptions to this are
 *     marked on the function. A context may be shared by threads. Do not use handles across fork().
 *  7. Callbacks are called from one thread at a time, which need not be the caller's; they return 0 to go on; they must
 *     not call into the handle that calls them, must not throw and must not longjmp.
 *  8. The library prints nothing, installs no signal handler, never aborts and does not look at the locale.
 *  9. Every function: @since the version it came with, @stability stable | unstable | deprecated.
 */
#ifndef FLATBED_H
#define FLATBED_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define FLATBED_API
#elif defined(__GNUC__)
#define FLATBED_API __attribute__((visibility("default")))
#else
#define FLATBED_API
#endif

#if defined(__cplusplus)
#define FLATBED_NOEXCEPT noexcept
extern "C" {
#else
#define FLATBED_NOEXCEPT
#endif

/* ---- Arrow C data and stream interfaces: https://arrow.apache.org/docs/format/CDataInterface.html ---- */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/* ---- Status ---- */

/** Outcome of a call: 0, or a number that never changes its meaning. The hundreds follow the published name. */
typedef int32_t flatbed_status;

#define FLATBED_OK 0                    /**< no error */
#define FLATBED_USAGE 10101             /**< FB-USE-0101: the call cannot work as it was given */
#define FLATBED_UNKNOWN_OPTION 10102    /**< FB-USE-0102: no option has this name */
#define FLATBED_BAD_OPTION 10103        /**< FB-USE-0103: the value of an option is not one it takes */
#define FLATBED_BAD_URI 10104           /**< FB-USE-0104: the address cannot be read as a URI */
#define FLATBED_UNKNOWN_SCHEME 10105    /**< FB-USE-0105: no connector serves this scheme */
#define FLATBED_UNKNOWN_COLUMN 10106    /**< FB-USE-0106: no column has this name */
#define FLATBED_BAD_TYPE 10107          /**< FB-USE-0107: the text is not the name of a type */
#define FLATBED_NOT_FOUND 20101         /**< FB-SRC-0101: the source does not exist */
#define FLATBED_NOT_A_FILE 20102        /**< FB-SRC-0102: the source is a folder or has no bytes */
#define FLATBED_EMPTY 20103             /**< FB-SRC-0103: the source holds no record, not even a header */
#define FLATBED_READ_FAILED 20104       /**< FB-SRC-0104: reading the source failed */
#define FLATBED_BAD_COMPRESSION 20105   /**< FB-SRC-0105: the compressed data is damaged or cut short */
#define FLATBED_SOURCE_CHANGED 20106    /**< FB-SRC-0106: the source changed while it was read */
#define FLATBED_BOMB_LIMIT 20107        /**< FB-SRC-0107: the data unpacks to more than the limit */
#define FLATBED_DIALECT_UNSURE 30101    /**< FB-DIA-0101: two dialects explain the file equally well */
#define FLATBED_ENCODING_UNKNOWN 30102  /**< FB-DIA-0102: the text is in an encoding that is not read */
#define FLATBED_DATE_ORDER_UNSURE 30103 /**< FB-DIA-0103: day/month order is not decided by any value */
#define FLATBED_ROW_TOO_SHORT 40101     /**< FB-CSV-0101: a record has fewer fields than the header */
#define FLATBED_ROW_TOO_LONG 40102      /**< FB-CSV-0102: a record has more fields than the header */
#define FLATBED_UNCLOSED_QUOTE 40103    /**< FB-CSV-0103: a quoted field is not closed before the end */
#define FLATBED_TEXT_AFTER_QUOTE 40104  /**< FB-CSV-0104: text stands after a closing quote */
#define FLATBED_INVALID_UTF8 40105      /**< FB-CSV-0105: the bytes are not UTF-8 */
#define FLATBED_NUL_BYTE 40106          /**< FB-CSV-0106: the text holds a NUL byte */
#define FLATBED_ROW_TOO_WIDE 40107      /**< FB-CSV-0107: a record is larger than the memory limit allows */
#define FLATBED_DUPLICATE_NAME 40108    /**< FB-CSV-0108: two columns have the same name */
#define FLATBED_NOT_NULL 50101          /**< FB-TYPE-0101: the field is empty and its column takes no NULL */
#define FLATBED_NOT_OF_TYPE 50102       /**< FB-TYPE-0102: the text is no value of the column's type */
#define FLATBED_OUT_OF_RANGE 50103      /**< FB-TYPE-0103: the value is outside the range of the type */
#define FLATBED_INEXACT 50104           /**< FB-TYPE-0104: the type cannot hold the value without loss */
#define FLATBED_UNSUPPORTED_TYPE 50105  /**< FB-TYPE-0105: the type is not carried */
#define FLATBED_CONNECT 60101           /**< FB-NET-0101: no connection to the server */
#define FLATBED_AUTH 60102              /**< FB-NET-0102: the server refused the credentials */
#define FLATBED_TIMEOUT 60103           /**< FB-NET-0103: the server did not answer in time */
#define FLATBED_CONNECTION_LOST 60104   /**< FB-NET-0104: the connection broke before the answer was whole */
#define FLATBED_TLS 60105               /**< FB-NET-0105: the secure connection could not be made */
#define FLATBED_INSECURE 60106          /**< FB-NET-0106: a secret would be sent unencrypted */
#define FLATBED_SERVER 70101            /**< FB-CH-0101: the server refused the statement */
#define FLATBED_NO_TABLE 70102          /**< FB-CH-0102: the table or database does not exist */
#define FLATBED_NO_COLUMN 70103         /**< FB-CH-0103: the table and the source differ in columns */
#define FLATBED_BAD_BLOCK 70104         /**< FB-CH-0104: the server's answer is not a valid Native block */
#define FLATBED_NO_ENGINE 70105         /**< FB-CH-0105: the embedded engine is missing or did not start */
#define FLATBED_UNKNOWN_OUTCOME 70106   /**< FB-CH-0106: whether rows were written is not known */
#define FLATBED_REFUSED_ROW 70107       /**< FB-CH-0107: the table refused the row */
#define FLATBED_TARGET_EXISTS 80101     /**< FB-TGT-0101: the target exists already */
#define FLATBED_WRITE_FAILED 80102      /**< FB-TGT-0102: writing the target failed */
#define FLATBED_TOO_MANY_REJECTS 90101  /**< FB-RUN-0101: more rows were rejected than the budget allows */
#define FLATBED_CANCELLED 90102         /**< FB-RUN-0102: the run was cancelled */
#define FLATBED_OUT_OF_MEMORY 90104     /**< FB-RUN-0104: no memory */
#define FLATBED_UNBALANCED 90105        /**< FB-RUN-0105: the counts of the run do not balance */
#define FLATBED_INTERNAL 90106          /**< FB-RUN-0106: a mistake in Flatbed itself */
#define FLATBED_LEDGER_FAILED 120101    /**< FB-LED-0101: the ledger cannot be read or written */
#define FLATBED_LOAD_BUSY 120102        /**< FB-LED-0102: another run works on this load */
#define FLATBED_NO_LOAD 120103          /**< FB-LED-0103: the ledger knows no such load */
#define FLATBED_LOAD_DIFFERS 120104     /**< FB-LED-0104: what was loaded and what is to be loaded differ */
#define FLATBED_BAD_JSON 130101         /**< FB-JSON-0101: the text is not well-formed JSON */
#define FLATBED_NOT_AN_OBJECT 130102    /**< FB-JSON-0102: the record is no object, and others are */
#define FLATBED_REPEATED_KEY 130103     /**< FB-JSON-0103: a key comes twice in one object */
#define FLATBED_UNKNOWN_KEY 130104      /**< FB-JSON-0104: the object has a key that no column or element takes */

/* ---- Version ---- */

/** The ABI this header describes; equals the number in libflatbed.so.N. */
#define FLATBED_ABI_VERSION 1

/** Returns the version of the library in use, such as "1.0.0". Never freed. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_version(void) FLATBED_NOEXCEPT;
/** Returns the ABI of the library in use; compare with FLATBED_ABI_VERSION. @since 1.0 @stability stable */
FLATBED_API int32_t flatbed_abi_version(void) FLATBED_NOEXCEPT;
/** Returns the kernel this process reads text with: "scalar", "avx2", ... Never freed.
 *  @since 1.0 @stability stable */
FLATBED_API const char* flatbed_kernel(void) FLATBED_NOEXCEPT;

/* ---- Errors ---- */

/** What went wrong, where and what to do about it. Text that a getter returns lives as long as the error. */
typedef struct flatbed_error flatbed_error;

/** Frees an error. @since 1.0 @stability stable */
FLATBED_API void flatbed_error_free(flatbed_error* error) FLATBED_NOEXCEPT;
/** Returns the status, one of the numbers above. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_error_status(const flatbed_error* error) FLATBED_NOEXCEPT;
/** Returns the published name of the status, such as "FB-TYPE-0103". @since 1.0 @stability stable */
FLATBED_API const char* flatbed_error_code(const flatbed_error* error) FLATBED_NOEXCEPT;
/** Returns what happened, in one line. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_error_message(const flatbed_error* error) FLATBED_NOEXCEPT;
/** Returns what would have been right, or "". @since 1.0 @stability stable */
FLATBED_API const char* flatbed_error_expected(const flatbed_error* error) FLATBED_NOEXCEPT;
/** Returns what to do, or "". @since 1.0 @stability stable */
FLATBED_API const char* flatbed_error_hint(const flatbed_error* error) FLATBED_NOEXCEPT;
/** Returns everything at once, as lines for a person. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_error_text(const flatbed_error* error) FLATBED_NOEXCEPT;
/** Returns everything at once, as a JSON object. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_error_json(const flatbed_error* error) FLATBED_NOEXCEPT;
/** Returns the file or address concerned, without passwords, or "". @since 1.0 @stability stable */
FLATBED_API const char* flatbed_error_uri(const flatbed_error* error) FLATBED_NOEXCEPT;
/** Writes the byte, from 0 in the unpacked bytes. Returns 0 when it is unknown. @since 1.0 @stability stable */
FLATBED_API int32_t flatbed_error_byte(const flatbed_error* error, uint64_t* out) FLATBED_NOEXCEPT;
/** Writes the physical line, from 1. Returns 0 when it is unknown. @since 1.0 @stability stable */
FLATBED_API int32_t flatbed_error_line(const flatbed_error* error, uint64_t* out) FLATBED_NOEXCEPT;
/** Writes the record after the header, from 0. Returns 0 when it is unknown. @since 1.0 @stability stable */
FLATBED_API int32_t flatbed_error_record(const flatbed_error* error, uint64_t* out) FLATBED_NOEXCEPT;
/** Writes the column, from 0. Returns 0 when it is unknown. @since 1.0 @stability stable */
FLATBED_API int32_t flatbed_error_column(const flatbed_error* error, uint32_t* out) FLATBED_NOEXCEPT;
/** Returns the name of the column, or "". @since 1.0 @stability stable */
FLATBED_API const char* flatbed_error_column_name(const flatbed_error* error) FLATBED_NOEXCEPT;
/** Returns the bytes of the data concerned and writes their count. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_error_raw(const flatbed_error* error, size_t* size) FLATBED_NOEXCEPT;
/** Returns errno, curl's or ClickHouse's own number; 0 when there is none. @since 1.0 @stability stable */
FLATBED_API int64_t flatbed_error_native_code(const flatbed_error* error) FLATBED_NOEXCEPT;
/** Returns the exit code of a command that ends by this error: 1 usage, 3 rejects, 4 source, 5 target, 6 interrupted.
 *  @since 1.0 @stability stable */
FLATBED_API int32_t flatbed_error_exit_code(const flatbed_error* error) FLATBED_NOEXCEPT;

/* ---- Context: the connectors a program has ---- */

/** A table of connectors. THREADS: may be shared. Handles made from it do not need it any more. */
typedef struct flatbed_context flatbed_context;

/** Makes a context with every connector of the library. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_context_new(flatbed_context** out, flatbed_error** error) FLATBED_NOEXCEPT;
/** Frees a context. @since 1.0 @stability stable */
FLATBED_API void flatbed_context_free(flatbed_context* context) FLATBED_NOEXCEPT;

/** A connector, as flatbed_connector_get describes it. Text lives as long as the context. */
typedef struct flatbed_connector_info {
  size_t struct_size;
  const char* name;
  const char* schemes; /**< comma-separated */
  const char* summary;
  int32_t reads;
  int32_t writes;
  int32_t lists_tables;
} flatbed_connector_info;
#define FLATBED_CONNECTOR_INFO_INIT {sizeof(flatbed_connector_info), NULL, NULL, NULL, 0, 0, 0}

/** Describes connector `index`, from 0. Returns 0 when there are no more. @since 1.0 @stability stable */
FLATBED_API int32_t flatbed_connector_get(const flatbed_context* context, size_t index,
                                          flatbed_connector_info* out) FLATBED_NOEXCEPT;

/** An option, as flatbed_option_get describes it. Text lives as long as the context. */
typedef struct flatbed_option_info {
  size_t struct_size;
  const char* name;
  const char* type; /**< text, flag, count, bytes, seconds, choice or names */
  const char* help;
  const char* default_text;
  const char* choices; /**< "a|b|c" for a choice, else "" */
  int32_t for_reading;
  int32_t for_writing;
  int32_t secret;
} flatbed_option_info;
#define FLATBED_OPTION_INFO_INIT {sizeof(flatbed_option_info), NULL, NULL, NULL, NULL, NULL, 0, 0, 0}

/** Describes option `index`, from 0, of the connector of that name; connector "run" stands for the options of a run
 *  (flatbed_pipeline_set). Returns 0 when there are no more. @since 1.0 @stability stable */
FLATBED_API int32_t flatbed_option_get(const flatbed_context* context, const char* connector, size_t index,
                                       flatbed_option_info* out) FLATBED_NOEXCEPT;

/* ---- Options ---- */

/** Pairs of name and value. They are checked by the call that uses them, which copies what it needs. */
typedef struct flatbed_options flatbed_options;

/** Makes an empty list. Where options are a parameter, NULL means none. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_options_new(flatbed_options** out, flatbed_error** error) FLATBED_NOEXCEPT;
/** Sets a value, such as ("delimiter", ";"). @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_options_set(flatbed_options* options, const char* name, const char* value,
                                               flatbed_error** error) FLATBED_NOEXCEPT;
/** Frees a list. @since 1.0 @stability stable */
FLATBED_API void flatbed_options_free(flatbed_options* options) FLATBED_NOEXCEPT;

/* ---- Looking at a source ---- */

/** The dialect of a text file. Text that a getter returns lives as long as the dialect. */
typedef struct flatbed_dialect flatbed_dialect;

/** Finds the dialect of a file; the options given are kept. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_sniff(const flatbed_context* context, const char* uri,
                                         const flatbed_options* options, flatbed_dialect** out,
                                         flatbed_error** error) FLATBED_NOEXCEPT;
/** Returns a setting as text: delimiter, quote, escape, newline, header, header_rows, spaces, tables, comment,
 *  footer_rows, decimal, thousands, skip_rows, encoding, score or runner_up; NULL for another name.
 *  @since 1.0 @stability stable */
FLATBED_API const char* flatbed_dialect_get(const flatbed_dialect* dialect, const char* name) FLATBED_NOEXCEPT;
/** Returns the dialect as a JSON object. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_dialect_json(const flatbed_dialect* dialect) FLATBED_NOEXCEPT;
/** Frees a dialect. @since 1.0 @stability stable */
FLATBED_API void flatbed_dialect_free(flatbed_dialect* dialect) FLATBED_NOEXCEPT;

/** The columns of a source. Text that a getter returns lives as long as the schema. */
typedef struct flatbed_schema flatbed_schema;

/** Finds the columns of an endpoint; those of a text file are inferred from every row. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_schema_open(const flatbed_context* context, const char* uri,
                                               const flatbed_options* options, flatbed_schema** out,
                                               flatbed_error** error) FLATBED_NOEXCEPT;
/** Returns the number of columns. @since 1.0 @stability stable */
FLATBED_API size_t flatbed_schema_size(const flatbed_schema* schema) FLATBED_NOEXCEPT;
/** Returns the name of a column, NULL past the last. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_schema_name(const flatbed_schema* schema, size_t column) FLATBED_NOEXCEPT;
/** Returns the ClickHouse type of a column, NULL past the last. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_schema_type(const flatbed_schema* schema, size_t column) FLATBED_NOEXCEPT;
/** Returns who decided the type of a column, or ""; NULL past the last. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_schema_decided_by(const flatbed_schema* schema, size_t column) FLATBED_NOEXCEPT;
/** Writes the statement that creates a table for these columns. The text lives until the next call on this schema.
 *  `order_by` is a comma-separated list of columns; NULL or "" for none. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_schema_ddl(flatbed_schema* schema, const char* table, const char* order_by,
                                              const char** out, flatbed_error** error) FLATBED_NOEXCEPT;
/** Frees a schema. @since 1.0 @stability stable */
FLATBED_API void flatbed_schema_free(flatbed_schema* schema) FLATBED_NOEXCEPT;

/** Gives the first rows of an endpoint as one Arrow batch. OWNERSHIP: the caller releases both structs.
 *  @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_preview(const flatbed_context* context, const char* uri,
                                           const flatbed_options* options, size_t rows, struct ArrowSchema* out_schema,
                                           struct ArrowArray* out_batch, flatbed_error** error) FLATBED_NOEXCEPT;

/** Opens an endpoint as an Arrow stream; a row that cannot be read ends it with an error. `columns` is a
 *  comma-separated list, NULL for all. OWNERSHIP: the caller releases `out`, which needs no other handle.
 *  @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_read(const flatbed_context* context, const char* uri, const flatbed_options* options,
                                        const char* columns, struct ArrowArrayStream* out,
                                        flatbed_error** error) FLATBED_NOEXCEPT;

/** The tables behind an endpoint. Text that a getter returns lives as long as the list. */
typedef struct flatbed_tables flatbed_tables;

/** Stands for a number that is not known. */
#define FLATBED_UNKNOWN UINT64_MAX

/** A table, as flatbed_tables_get describes it. */
typedef struct flatbed_table_info {
  size_t struct_size;
  const char* database;
  const char* name;
  const char* engine;
  const char* comment;
  uint64_t rows;  /**< FLATBED_UNKNOWN where the server does not tell */
  uint64_t bytes; /**< FLATBED_UNKNOWN where the server does not tell */
  const char* sorting_key;
  const char* primary_key;
  const char* partition_key;
} flatbed_table_info;
#define FLATBED_TABLE_INFO_INIT {sizeof(flatbed_table_info), NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL}

/** Lists the tables behind an endpoint. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_tables_open(const flatbed_context* context, const char* uri,
                                               const flatbed_options* options, flatbed_tables** out,
                                               flatbed_error** error) FLATBED_NOEXCEPT;
/** Describes table `index`, from 0. Returns 0 when there are no more. @since 1.0 @stability stable */
FLATBED_API int32_t flatbed_tables_get(const flatbed_tables* tables, size_t index,
                                       flatbed_table_info* out) FLATBED_NOEXCEPT;
/** Frees a list. @since 1.0 @stability stable */
FLATBED_API void flatbed_tables_free(flatbed_tables* tables) FLATBED_NOEXCEPT;

/* ---- Receipts ---- */

/** What a run did, in numbers that balance: read = loaded + rejected + duplicate + filtered. */
typedef struct flatbed_receipt flatbed_receipt;

/** The counts of a receipt. */
typedef struct flatbed_receipt_info {
  size_t struct_size;
  uint64_t read;
  uint64_t loaded; /**< acknowledged by the target */
  uint64_t rejected;
  uint64_t duplicate;
  uint64_t filtered;
  uint64_t bytes_read;    /**< stored bytes of the source */
  uint64_t bytes_written; /**< as sent or written */
  uint64_t blocks;
  double seconds;
  int32_t balanced;
} flatbed_receipt_info;
#define FLATBED_RECEIPT_INFO_INIT {sizeof(flatbed_receipt_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/** Writes the counts. @since 1.0 @stability stable */
FLATBED_API void flatbed_receipt_get(const flatbed_receipt* receipt, flatbed_receipt_info* out) FLATBED_NOEXCEPT;
/** Returns the whole receipt as a JSON object; it lives as long as the receipt. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_receipt_json(const flatbed_receipt* receipt) FLATBED_NOEXCEPT;
/** Frees a receipt. @since 1.0 @stability stable */
FLATBED_API void flatbed_receipt_free(flatbed_receipt* receipt) FLATBED_NOEXCEPT;

/* ---- Copying ---- */

/** Copies one endpoint to another. `run` holds options of a run, as flatbed_pipeline_set takes them. For progress,
 *  cancelling, steps and streams use a pipeline. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_copy(const flatbed_context* context, const char* source,
                                        const flatbed_options* source_options, const char* target,
                                        const flatbed_options* target_options, const flatbed_options* run,
                                        flatbed_receipt** out, flatbed_error** error) FLATBED_NOEXCEPT;

/** A run to be: one source, steps, one target. It runs once. */
typedef struct flatbed_pipeline flatbed_pipeline;

/** Makes an empty pipeline. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_new(const flatbed_context* context, flatbed_pipeline** out,
                                                flatbed_error** error) FLATBED_NOEXCEPT;
/** Frees a pipeline. @since 1.0 @stability stable */
FLATBED_API void flatbed_pipeline_free(flatbed_pipeline* pipeline) FLATBED_NOEXCEPT;
/** Sets the source. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_source(flatbed_pipeline* pipeline, const char* uri,
                                                   const flatbed_options* options,
                                                   flatbed_error** error) FLATBED_NOEXCEPT;
/** Sets the bytes of a text file as the source; options are those of a file. LIFETIME: the bytes outlive the run.
 *  @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_source_memory(flatbed_pipeline* pipeline, const char* data, size_t size,
                                                          const flatbed_options* options,
                                                          flatbed_error** error) FLATBED_NOEXCEPT;
/** Sets an Arrow stream as the source. OWNERSHIP: moved in, also on failure. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_source_stream(flatbed_pipeline* pipeline, struct ArrowArrayStream* stream,
                                                          flatbed_error** error) FLATBED_NOEXCEPT;
/** Sets the target. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_target(flatbed_pipeline* pipeline, const char* uri,
                                                   const flatbed_options* options,
                                                   flatbed_error** error) FLATBED_NOEXCEPT;
/** Sends rejected rows to an endpoint, as rows of text. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_rejects(flatbed_pipeline* pipeline, const char* uri,
                                                    const flatbed_options* options,
                                                    flatbed_error** error) FLATBED_NOEXCEPT;
/** Sets an option of the run; flatbed_option_get lists them under "run". @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_set(flatbed_pipeline* pipeline, const char* name, const char* value,
                                                flatbed_error** error) FLATBED_NOEXCEPT;
/** Renames a column on the way. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_rename(flatbed_pipeline* pipeline, const char* column, const char* name,
                                                   flatbed_error** error) FLATBED_NOEXCEPT;
/** Chooses the ClickHouse type of a column. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_type(flatbed_pipeline* pipeline, const char* column, const char* type,
                                                 flatbed_error** error) FLATBED_NOEXCEPT;

/** Chooses rows: writes 1 to keep[row] for each row to keep; all are 0 before. Schema and batch are borrowed. A result
 *  other than 0 fails the run. */
typedef int32_t (*flatbed_filter)(void* user_data, const struct ArrowSchema* schema, const struct ArrowArray* batch,
                                  uint8_t* keep);
/** Adds a step that keeps the rows a callback chooses; the others are counted as filtered.
 *  @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_filter(flatbed_pipeline* pipeline, flatbed_filter filter, void* user_data,
                                                   flatbed_error** error) FLATBED_NOEXCEPT;

/** Changes a batch: takes `schema` and `batch`, which it owns, and leaves the result in the same two structs. The
 *  result has as many rows. The first call has no rows: it tells the columns that come out. A result other than 0
 *  fails the run; the structs then hold what is still to be released, or are released. */
typedef int32_t (*flatbed_step)(void* user_data, struct ArrowSchema* schema, struct ArrowArray* batch);
/** Adds a step that changes each batch. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_then(flatbed_pipeline* pipeline, flatbed_step step, void* user_data,
                                                 flatbed_error** error) FLATBED_NOEXCEPT;

#define FLATBED_EVENT_STARTED 0
#define FLATBED_EVENT_PROGRESS 1
#define FLATBED_EVENT_REJECTED 2
#define FLATBED_EVENT_FINISHED 3

/** What a run tells while it works. */
typedef struct flatbed_event {
  size_t struct_size;
  int32_t kind; /**< FLATBED_EVENT_... */
  uint64_t rows_read;
  uint64_t rows_acknowledged;
  uint64_t rows_rejected;
  uint64_t bytes_read;
  uint64_t bytes_total;        /**< FLATBED_UNKNOWN where the source does not tell */
  double seconds;              /**< since the run began */
  const flatbed_error* reject; /**< FLATBED_EVENT_REJECTED: the row's error, until the callback returns; else NULL */
} flatbed_event;

/** Hears of a run. A result other than 0 cancels it. */
typedef int32_t (*flatbed_observer)(void* user_data, const flatbed_event* event);
/** Sets the observer. It is called in the thread of flatbed_pipeline_run. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_observe(flatbed_pipeline* pipeline, flatbed_observer observer,
                                                    void* user_data, flatbed_error** error) FLATBED_NOEXCEPT;
/** Asks a run to stop; it then fails with FLATBED_CANCELLED soon. THREADS: any thread, at any time between _new and
 *  _free. @since 1.0 @stability stable */
FLATBED_API void flatbed_pipeline_cancel(flatbed_pipeline* pipeline) FLATBED_NOEXCEPT;
/** Runs to the end. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_pipeline_run(flatbed_pipeline* pipeline, flatbed_receipt** out,
                                                flatbed_error** error) FLATBED_NOEXCEPT;

/* ---- Records of a text in memory, without copies ---- */

/** Reads records, in one pass. */
typedef struct flatbed_csv_reader flatbed_csv_reader;

/** Starts to read. Options: delimiter, quote, escape, header; those not given have the defaults of RFC 4180, nothing is
 *  detected. LIFETIME: the bytes outlive the reader. @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_csv_reader_open_memory(const char* data, size_t size, const flatbed_options* options,
                                                          flatbed_csv_reader** out,
                                                          flatbed_error** error) FLATBED_NOEXCEPT;
/** Moves to the next record and writes the number of its fields. Writes 0 to `has_record` at the end.
 *  @since 1.0 @stability stable */
FLATBED_API flatbed_status flatbed_csv_reader_next(flatbed_csv_reader* reader, int32_t* has_record, size_t* fields,
                                                   flatbed_error** error) FLATBED_NOEXCEPT;
/** Returns a field of the record without its quotes and writes its size; NULL when there is no such field. LIFETIME:
 *  until the next _next. It does not end with NUL. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_csv_reader_field(const flatbed_csv_reader* reader, size_t field,
                                                 size_t* size) FLATBED_NOEXCEPT;
/** Returns 1 when a field was quoted, which keeps "" and an empty field apart. @since 1.0 @stability stable */
FLATBED_API int32_t flatbed_csv_reader_quoted(const flatbed_csv_reader* reader, size_t field) FLATBED_NOEXCEPT;
/** Returns a name of the header, NULL past the last. It lives as long as the reader. @since 1.0 @stability stable */
FLATBED_API const char* flatbed_csv_reader_header(const flatbed_csv_reader* reader, size_t column) FLATBED_NOEXCEPT;
/** Frees a reader. @since 1.0 @stability stable */
FLATBED_API void flatbed_csv_reader_free(flatbed_csv_reader* reader) FLATBED_NOEXCEPT;

/* ---- Rows that do not fit: the catalogue of codes, the quarantine ---- */

#define FLATBED_REWRITTEN 50106         /**< FB-TYPE-0106: the value would be written otherwise than the field */
#define FLATBED_PADDED 100101           /**< FB-FIX-0101: a record was filled up with empty fields */
#define FLATBED_CUT 100102              /**< FB-FIX-0102: fields behind the last column were left out */
#define FLATBED_TRIMMED 100103          /**< FB-FIX-0103: spaces around a value were left out */
#define FLATBED_DECIMAL_COMMA 100104    /**< FB-FIX-0104: a comma was read as the decimal mark */
#define FLATBED_THOUSANDS 100105        /**< FB-FIX-0105: marks between thousands were left out */
#define FLATBED_ENCODING_ASSUMED 100106 /**< FB-FIX-0106: an encoding was assumed */
#define FLATBED_NO_QUARANTINE 110101    /**< FB-QUA-0101: the folder is no quarantine that can be replayed */

/** Returns the field as it was read, and writes its size; "" where no single field is meant.
 *  @since 1.1 @stability stable */
FLATBED_API const char* flatbed_error_found(const flatbed_error* error, size_t* size) FLATBED_NOEXCEPT;

/** An entry of the published catalogue of codes. Text lives as long as the program. */
typedef struct flatbed_code_info {
  size_t struct_size;
  flatbed_status status;
  const char* name;    /**< "FB-TYPE-0103" */
  const char* summary; /**< what it means, in one line */
  const char* cause;   /**< how it usually comes about */
  const char* action;  /**< what to do */
} flatbed_code_info;
#define FLATBED_CODE_INFO_INIT {sizeof(flatbed_code_info), 0, NULL, NULL, NULL, NULL}

/** Describes code `index` of the catalogue, from 0. Returns 0 when there are no more. @since 1.1 @stability stable */
FLATBED_API int32_t flatbed_code_get(size_t index, flatbed_code_info* out) FLATBED_NOEXCEPT;
/** Describes the code of this published name, in any case. Returns 0 when there is none.
 *  @since 1.1 @stability stable */
FLATBED_API int32_t flatbed_code_find(const char* name, flatbed_code_info* out) FLATBED_NOEXCEPT;

/** Rejected rows that a run with the option "quarantine" put aside. Text lives as long as the handle. */
typedef struct flatbed_quarantine flatbed_quarantine;

/** Looks at the quarantine in a folder, and changes nothing. @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_quarantine_open(const char* folder, flatbed_quarantine** out,
                                                   flatbed_error** error) FLATBED_NOEXCEPT;
/** Returns it as a JSON object: folder, rows_file (the file to edit), source, target, finished, the counts open,
 * loaded, missing and unclear, added (lines that belong to no row), rows. @since 1.1 @stability stable */
FLATBED_API const char* flatbed_quarantine_json(const flatbed_quarantine* quarantine) FLATBED_NOEXCEPT;
/** Frees a quarantine; its folder stays. @since 1.1 @stability stable */
FLATBED_API void flatbed_quarantine_free(flatbed_quarantine* quarantine) FLATBED_NOEXCEPT;
/** Loads the open rows of a quarantine as they stand in its file of rows now; a row is loaded once, however often this
 *  is called. `target` is NULL for that of the load; it is needed where that held a secret or was a file.
 *  @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_quarantine_replay(const flatbed_context* context, const char* folder,
                                                     const char* target, const flatbed_options* target_options,
                                                     flatbed_receipt** out, flatbed_error** error) FLATBED_NOEXCEPT;

/** What a whole pass over a source finds in its columns. Text lives as long as the handle. */
typedef struct flatbed_profile flatbed_profile;

/** Reads a source to its end. `enums` 1 proposes enums for a few short texts. @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_profile_open(const flatbed_context* context, const char* uri,
                                                const flatbed_options* options, int32_t enums, flatbed_profile** out,
                                                flatbed_error** error) FLATBED_NOEXCEPT;
/** Returns it as a JSON object: rows, rejected, order_by, and for each column its type, the values that decided
 * (steps), nulls, min, max, distinct, samples and a proposed type. @since 1.1 @stability stable */
FLATBED_API const char* flatbed_profile_json(const flatbed_profile* profile) FLATBED_NOEXCEPT;
/** Frees a profile. @since 1.1 @stability stable */
FLATBED_API void flatbed_profile_free(flatbed_profile* profile) FLATBED_NOEXCEPT;

/** What a load would find in its target, column by column. */
typedef struct flatbed_difference flatbed_difference;

/** Compares the columns that a copy would bring with those of its target, and writes nothing; the arguments are those
 *  of flatbed_copy. A text file is read to its end, for its types. @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_difference_open(const flatbed_context* context, const char* source,
                                                   const flatbed_options* source_options, const char* target,
                                                   const flatbed_options* target_options,
                                                   const flatbed_options* run_options, flatbed_difference** out,
                                                   flatbed_error** error) FLATBED_NOEXCEPT;
/** Returns the difference as a JSON object: "exists", "columns", and "problem" where a load would be refused; it lives
 *  as long as the difference. @since 1.1 @stability stable */
FLATBED_API const char* flatbed_difference_json(const flatbed_difference* difference) FLATBED_NOEXCEPT;
/** Frees a difference. @since 1.1 @stability stable */
FLATBED_API void flatbed_difference_free(flatbed_difference* difference) FLATBED_NOEXCEPT;

/* ---- The proof of a load ---- */

/** What was found in the target of a load, or what it takes to take the load out of it. */
typedef struct flatbed_proof flatbed_proof;

/** Reads the source of a load again, and looks for every row in its table. `receipt` is its JSON, the path of a file
 * that holds it or, with a ledger, the name of the load. `ledger` may be NULL. `source` is where the file is now, NULL
 * where it was. A table that differs is no error. @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_verify(const flatbed_context* context, const char* receipt, const char* ledger,
                                          const char* source, const flatbed_options* target_options,
                                          flatbed_proof** out, flatbed_error** error) FLATBED_NOEXCEPT;
/** Takes the rows of a load out of its table again, as often as they were loaded, after every one was found there.
 *  `dry` 1 tells what would go, and changes nothing. A load that has a name needs its ledger, which learns of it.
 *  @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_undo(const flatbed_context* context, const char* receipt, const char* ledger,
                                        const char* source, const flatbed_options* target_options, int32_t dry,
                                        flatbed_proof** out, flatbed_error** error) FLATBED_NOEXCEPT;
/** Returns 1 where every row was found, or taken out. @since 1.1 @stability stable */
FLATBED_API int32_t flatbed_proof_holds(const flatbed_proof* proof) FLATBED_NOEXCEPT;
/** Returns it as a JSON object: of flatbed_verify holds, load, source, target, blocks, rows, missing, target_rows and
 *  differing (blocks with their bytes and records); of flatbed_undo removed, load, source, target, rows and equal (rows
 *  of others that equal removed ones, and stay). It lives as long as the handle. @since 1.1 @stability stable */
FLATBED_API const char* flatbed_proof_json(const flatbed_proof* proof) FLATBED_NOEXCEPT;
/** Frees a proof. @since 1.1 @stability stable */
FLATBED_API void flatbed_proof_free(flatbed_proof* proof) FLATBED_NOEXCEPT;

/* ---- Servers: tokens that expire, databases and columns, joins ---- */

/** Writes the token for the next requests, ended with NUL, to `token`, which has room for `size` bytes. Called for the
 *  first one, and again before one expires or when the server refuses it. A result other than 0 fails the run. THREADS:
 *  called from one thread at a time, not always the same. */
typedef int32_t (*flatbed_token_source)(void* user_data, char* token, size_t size);
/** Sets who makes the tokens of the server that these options are for. LIFETIME: `user_data` outlives what is made
 *  with the options. @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_options_token(flatbed_options* options, flatbed_token_source source, void* user_data,
                                                 flatbed_error** error) FLATBED_NOEXCEPT;

/** The databases of a server. Text that a getter returns lives as long as the list. */
typedef struct flatbed_databases flatbed_databases;

/** A database, as flatbed_databases_get describes it. */
typedef struct flatbed_database_info {
  size_t struct_size;
  const char* name;
  const char* engine;
  const char* comment;
  uint64_t tables;
  uint64_t rows;  /**< FLATBED_UNKNOWN where the server does not tell */
  uint64_t bytes; /**< FLATBED_UNKNOWN where the server does not tell */
} flatbed_database_info;
#define FLATBED_DATABASE_INFO_INIT {sizeof(flatbed_database_info), NULL, NULL, NULL, 0, 0, 0}

/** Lists the databases of the server behind an endpoint. @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_databases_open(const flatbed_context* context, const char* uri,
                                                  const flatbed_options* options, flatbed_databases** out,
                                                  flatbed_error** error) FLATBED_NOEXCEPT;
/** Describes database `index`, from 0. Returns 0 when there are no more. @since 1.1 @stability stable */
FLATBED_API int32_t flatbed_databases_get(const flatbed_databases* databases, size_t index,
                                          flatbed_database_info* out) FLATBED_NOEXCEPT;
/** Frees a list. @since 1.1 @stability stable */
FLATBED_API void flatbed_databases_free(flatbed_databases* databases) FLATBED_NOEXCEPT;

/** The columns of tables. Text that a getter returns lives as long as the list. */
typedef struct flatbed_columns flatbed_columns;

/** A column, as flatbed_columns_get describes it. */
typedef struct flatbed_column_info {
  size_t struct_size;
  const char* database;
  const char* table;
  const char* name;
  const char* type;               /**< as the server writes it */
  const char* default_kind;       /**< "", DEFAULT, MATERIALIZED, ALIAS or EPHEMERAL */
  const char* default_expression; /**< in SQL */
  const char* comment;
  const char* codec;
  int32_t in_sorting_key;
  int32_t in_primary_key;
  int32_t in_partition_key;
  uint64_t bytes;          /**< as stored; FLATBED_UNKNOWN where the server does not tell */
  uint64_t unpacked_bytes; /**< without compression; FLATBED_UNKNOWN where the server does not tell */
} flatbed_column_info;
#define FLATBED_COLUMN_INFO_INIT \
  {sizeof(flatbed_column_info), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0}

/** Lists the columns of the table that the endpoint names, or of every table of its database.
 *  @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_columns_open(const flatbed_context* context, const char* uri,
                                                const flatbed_options* options, flatbed_columns** out,
                                                flatbed_error** error) FLATBED_NOEXCEPT;
/** Describes column `index`, from 0. Returns 0 when there are no more. @since 1.1 @stability stable */
FLATBED_API int32_t flatbed_columns_get(const flatbed_columns* columns, size_t index,
                                        flatbed_column_info* out) FLATBED_NOEXCEPT;
/** Frees a list. @since 1.1 @stability stable */
FLATBED_API void flatbed_columns_free(flatbed_columns* columns) FLATBED_NOEXCEPT;

/** A SELECT over joined tables, to be read with the option "query" of a source. Rows without a partner have NULL in the
 *  other table's columns. Names that hold other characters than letters, digits and _ stand in backquotes. */
typedef struct flatbed_join flatbed_join;

/** Makes a join of no tables. @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_join_new(flatbed_join** out, flatbed_error** error) FLATBED_NOEXCEPT;
/** Adds a table: "orders", "shop.orders AS o", "left customers AS c" (inner, left, right, full, cross).
 *  @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_join_table(flatbed_join* join, const char* table,
                                              flatbed_error** error) FLATBED_NOEXCEPT;
/** Adds two columns that must be equal: "o.customer_id = c.id". @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_join_key(flatbed_join* join, const char* key,
                                            flatbed_error** error) FLATBED_NOEXCEPT;
/** Adds a column of the result: "c.name AS customer". Without any, all columns of all tables are read.
 *  @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_join_column(flatbed_join* join, const char* column,
                                               flatbed_error** error) FLATBED_NOEXCEPT;
/** Sets "where" (a condition in SQL), "order_by" (expressions in SQL) or "limit" (a number).
 *  @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_join_set(flatbed_join* join, const char* name, const char* value,
                                            flatbed_error** error) FLATBED_NOEXCEPT;
/** Asks the server for the columns of every table. @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_join_look_up(flatbed_join* join, const flatbed_context* context, const char* uri,
                                                const flatbed_options* options, flatbed_error** error) FLATBED_NOEXCEPT;
/** Writes the statement. The text lives until the next call on this join. @since 1.1 @stability stable */
FLATBED_API flatbed_status flatbed_join_sql(flatbed_join* join, const char** out,
                                            flatbed_error** error) FLATBED_NOEXCEPT;
/** Writes key proposal `index`, from 0, the best first, as flatbed_join_key takes it, with its score from 0 to 1; after
 *  flatbed_join_look_up. The text lives until the next call on this join. Returns 0 when there are no more.
 *  @since 1.1 @stability stable */
FLATBED_API int32_t flatbed_join_proposal(flatbed_join* join, size_t index, const char** key,
                                          double* score) FLATBED_NOEXCEPT;
/** Frees a join. @since 1.1 @stability stable */
FLATBED_API void flatbed_join_free(flatbed_join* join) FLATBED_NOEXCEPT;

#if defined(__cplusplus)
}
#endif

#endif /* FLATBED_H */
