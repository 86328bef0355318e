namespace SurveyDispatcher;

/// <summary>A user's mistake or a fault of the configuration: nothing was done. Ends the program with code 2.</summary>
public sealed class UsageException(string message) : Exception(message);

/// <summary>Something the operator must know and mend, told without a stack trace. Ends the program with code 1.</summary>
public class OperatorException : Exception
{
    /// <summary>What happened, where, and what to do next.</summary>
    public OperatorException(string message)
        : base(message)
    {
    }

    /// <summary>What happened, where, and what to do next, with its cause.</summary>
    public OperatorException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>Somebody else is at work where one only may be; it may be tried again later.</summary>
public sealed class StoreBusyException(string message) : OperatorException(message);
