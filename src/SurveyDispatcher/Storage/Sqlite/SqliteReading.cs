using System.Runtime.InteropServices;
using SQLitePCL;

namespace SurveyDispatcher.Storage;

/// <summary>SQLite's columns without the wrappers around them: an export reads a dozen a row, over millions of rows.</summary>
/// <remarks>They return within nanoseconds and never block or call back, which is what leaving out the GC transition asks for.</remarks>
internal static unsafe partial class SqliteReading
{
    /// <summary>Adds the row on which a statement stands to a page.</summary>
    public static void AddRow(nint statement, int columns, RowPage page)
    {
        for (var column = 0; column < columns; column++)
        {
            switch (ColumnType(statement, column))
            {
                case raw.SQLITE_NULL:
                    page.AddNull();
                    break;
                case raw.SQLITE_INTEGER:
                    page.Add(ColumnInt64(statement, column));
                    break;
                case raw.SQLITE_TEXT or raw.SQLITE_BLOB:
                    var start = ColumnBlob(statement, column); // first: it may make the length another one
                    page.Add(new ReadOnlySpan<byte>(start, ColumnBytes(statement, column)));
                    break;
                case var other:
                    throw new InvalidDataException($"Column {column} has a value of a type that the store never writes ({other}).");
            }
        }

        page.EndRow();
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_column_type")]
    [SuppressGCTransition]
    private static partial int ColumnType(nint statement, int column);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_column_int64")]
    [SuppressGCTransition]
    private static partial long ColumnInt64(nint statement, int column);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_column_blob")]
    [SuppressGCTransition]
    private static partial void* ColumnBlob(nint statement, int column);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_column_bytes")]
    [SuppressGCTransition]
    private static partial int ColumnBytes(nint statement, int column);
}
