using System.Runtime.InteropServices;

namespace SurveyDispatcher.Storage;

/// <summary>SQLite's bind functions without the wrappers around them: an import calls them sixty times a row.</summary>
/// <remarks>They return within nanoseconds and never block or call back, which is what leaving out the GC transition asks for.</remarks>
internal static partial class SqliteBinding
{
    /// <summary>SQLite copies the value before the call returns.</summary>
    private const nint Transient = -1;

    /// <summary>The value stays where it is, and as it is, until the statement has run.</summary>
    private const nint Static = 0;

    public static int Null(nint statement, int position) => BindNull(statement, position);

    public static int Int64(nint statement, int position, long value) => BindInt64(statement, position, value);

    public static int Double(nint statement, int position, double value) => BindDouble(statement, position, value);

    /// <summary>An empty text is a text: a null pointer would bind NULL.</summary>
    public static int Text(nint statement, int position, ReadOnlySpan<byte> utf8) =>
        utf8.IsEmpty ? BindText(statement, position, " "u8, 0, Transient) : BindText(statement, position, utf8, utf8.Length, Transient);

    public static int Blob(nint statement, int position, ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty ? BindBlob(statement, position, " "u8, 0, Transient) : BindBlob(statement, position, bytes, bytes.Length, Transient);

    public static int TextInPlace(nint statement, int position, nint utf8, int length) => BindText(statement, position, utf8, length, Static);

    public static int BlobInPlace(nint statement, int position, nint bytes, int length) => BindBlob(statement, position, bytes, length, Static);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_bind_null")]
    [SuppressGCTransition]
    private static partial int BindNull(nint statement, int position);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_bind_int64")]
    [SuppressGCTransition]
    private static partial int BindInt64(nint statement, int position, long value);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_bind_double")]
    [SuppressGCTransition]
    private static partial int BindDouble(nint statement, int position, double value);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_bind_text")]
    [SuppressGCTransition]
    private static partial int BindText(nint statement, int position, ReadOnlySpan<byte> utf8, int length, nint destructor);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_bind_blob")]
    [SuppressGCTransition]
    private static partial int BindBlob(nint statement, int position, ReadOnlySpan<byte> bytes, int length, nint destructor);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_bind_text")]
    [SuppressGCTransition]
    private static partial int BindText(nint statement, int position, nint utf8, int length, nint destructor);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_bind_blob")]
    [SuppressGCTransition]
    private static partial int BindBlob(nint statement, int position, nint bytes, int length, nint destructor);
}
