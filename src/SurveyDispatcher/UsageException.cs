using Survey.Domain;

namespace SurveyDispatcher;

/// <summary>A user's mistake or a fault of the configuration: nothing was done. Ends the program with code 2.</summary>
public sealed class UsageException(Phrase message) : Exception(Say(message));

/// <summary>Something the operator must know and mend, told without a stack trace. Ends the program with code 1.</summary>
public class OperatorException : Exception
{
    /// <summary>What happened, where, and what to do next.</summary>
    public OperatorException(Phrase message)
        : base(Say(message))
    {
    }

    /// <summary>What happened, where, and what to do next, with its cause.</summary>
    public OperatorException(Phrase message, Exception inner)
        : base(Say(message), inner)
    {
    }
}

/// <summary>Somebody else is at work where one only may be; it may be tried again later.</summary>
public sealed class StoreBusyException(Phrase message) : OperatorException(message);
