using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Survey.Domain.Tests;

/// <summary>What must hold for every value of a kind; the seed is fixed, so that a red build is red again on the next machine.</summary>
internal static class Always
{
    public static readonly Gen<int> Overall = Gen.Frequency((1, Gen.Constant(0)), (9, Gen.Choose(1, 5)));

    public static readonly Gen<int> Recommend = Gen.Frequency((1, Gen.Constant(-1)), (9, Gen.Choose(0, 10)));

    /// <summary>Responses, as (overall, recommend): none, a few, many; sometimes all alike.</summary>
    public static readonly Gen<(int Overall, int Recommend)[]> Responses = Gen.Frequency(
        (1, Gen.Constant(Array.Empty<(int, int)>())),
        (2, from response in Response() from count in Gen.Choose(1, 40) select Enumerable.Repeat(response, count).ToArray()),
        (7, from count in Gen.Choose(1, 120) from responses in Response().ListOf(count) select responses.ToArray()));

    /// <summary>A count and a total that it is part of; the ends are frequent.</summary>
    public static readonly Gen<(long Count, long Total)> Share =
        from total in Gen.Frequency((5, Gen.Choose(1, 60)), (2, Gen.Choose(1, 5000)), (1, Gen.Choose(1, 10_000_000)))
        from count in Gen.Frequency((1, Gen.Constant(0)), (1, Gen.Constant(total)), (6, Gen.Choose(0, total)))
        select ((long)count, (long)total);

    public static void Holds<T>(Gen<T> values, Action<T> holds, int tests = 300) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(tests).WithQuietOnSuccess(true)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(20260301, 35), FSharpOption<int>.None))),
        Prop.ForAll(Arb.From(values), holds));

    private static Gen<(int Overall, int Recommend)> Response() =>
        from overall in Overall from recommend in Recommend select (overall, recommend);
}
