namespace Fuzz;

/// <summary>Something that reads what others send.</summary>
internal interface ITarget
{
    /// <summary>The name in messages.</summary>
    string Name { get; }

    /// <summary>An input.</summary>
    byte[] Make(Dice dice);

    /// <summary>Reads an input and judges what comes of it. The dice begin anew: the first throws are those of <see cref="Make"/>.</summary>
    /// <exception cref="Finding">The program did what it must never do.</exception>
    void Try(byte[] bytes, Dice dice);
}
