namespace SurveyDispatcher;

/// <summary>What the rows of a table are written into, cell by cell: CSV, a database. An empty text is no value.</summary>
internal interface ITableOutput
{
    /// <summary>A text in UTF-8: somebody's words, a code, a day, a point in time.</summary>
    void Text(ReadOnlySpan<byte> utf8);

    /// <summary>A phone number with its plus sign, which is part of it.</summary>
    void Phone(ReadOnlySpan<byte> utf8);

    /// <summary>A whole number.</summary>
    void Integer(long number);

    /// <summary>A whole number in digits.</summary>
    void Integer(ReadOnlySpan<byte> digits);

    /// <summary>A number, to so many decimals.</summary>
    void Decimal(double number, int decimals);

    /// <summary>Ends the row; all cells of it were written.</summary>
    void EndRow();
}
