using Survey.Domain;

namespace SurveyDispatcher.Reports;

/// <summary>A line of a chart of dealers.</summary>
/// <param name="Rank">Null: too few to be ranked.</param>
/// <param name="Name">Who.</param>
/// <param name="Score">A share of 0 to 1, with its interval.</param>
/// <param name="Block">Lines of one block can't be told apart from its first.</param>
internal readonly record struct RankRow(int? Rank, string Name, Estimate Score, int? Block);

/// <summary>A place on a course.</summary>
/// <param name="Label">Below the axis.</param>
/// <param name="Below">A second line of it: the year, where one begins.</param>
/// <param name="Value">A share of 0 to 1; null where nothing can be said.</param>
/// <param name="Compared">What it is compared with; null where there is nothing.</param>
internal readonly record struct CoursePoint(string Label, string Below, Estimate? Value, double? Compared);

/// <summary>The part of 0 to 1 that an axis shows, and its lines.</summary>
internal readonly record struct Axis(double Low, double High)
{
    public static Axis Whole { get; } = new(0, 1);

    /// <summary>Wide enough for all intervals, on whole tenths.</summary>
    public static Axis Around(IEnumerable<Estimate> estimates)
    {
        double low = 1, high = 0;
        foreach (var e in estimates)
        {
            low = Math.Min(low, e.Interval?.Low ?? e.Value);
            high = Math.Max(high, e.Interval?.High ?? e.Value);
        }

        return low > high ? Whole : new(Math.Floor(low * 10) / 10, Math.Max(Math.Ceiling(high * 10), Math.Floor(low * 10) + 1) / 10);
    }

    /// <summary>Lines of the axis, four to six: more have no room on a phone.</summary>
    public IEnumerable<double> Ticks
    {
        get
        {
            var tenths = (int)Math.Round((High - Low) * 10);
            var step = tenths > 5 ? 0.2 : tenths > 2 ? 0.1 : 0.05;
            for (var tick = Math.Ceiling(Math.Round(Low / step, 6)) * step; tick <= High + 1e-9; tick += step)
            {
                yield return tick;
            }
        }
    }

    /// <summary>A share's place on the axis, in percent of its length.</summary>
    public double Place(double share) => 100 * (Math.Clamp(share, Low, High) - Low) / (High - Low);
}

/// <summary>Draws charts as SVG. Sideways all is in percent: the drawing follows the page's width, and its letters keep their size.</summary>
internal sealed class Charts(Markup page, Words words)
{
    private const int Top = 20;
    private const int Bottom = 22;
    private const int LongName = 32;
    private const int ShortName = 11;

    private int drawn;

    /// <summary>Dealers, each a dot with his interval; blocks set apart, the nation as a line.</summary>
    public void Ranking(string title, string description, IReadOnlyList<RankRow> rows, double? nation, Axis axis)
    {
        var pitch = rows.Count > 25 ? 15 : 22;
        var height = Top + (rows.Count * pitch) + Bottom;
        Begin("rows", title, description, height);
        for (var i = 0; i < rows.Count;)
        {
            var end = i + 1;
            while (end < rows.Count && rows[end].Block == rows[i].Block)
            {
                end++;
            }

            var y = Top + (i * pitch);
            if ((rows[i].Block ?? 0) % 2 == 0)
            {
                page.Write($"<rect class=\"band\" x=\"0\" y=\"{y}\" width=\"100%\" height=\"{(end - i) * pitch}\"/>");
            }

            if (i > 0)
            {
                page.Write($"<line class=\"rule\" x1=\"0\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>");
            }

            if (rows[i].Block is { } number)
            {
                page.Write($"<text class=\"last\" x=\"100%\" y=\"{y + (pitch / 2.0) + 4}\">{number}</text>");
            }

            i = end;
        }

        page.Write($"<text class=\"last\" x=\"100%\" y=\"12\">{words["block"]}</text>");
        Names(rows.Select(r => (r.Rank is { } rank ? Words.Plain(rank) : Words.Nothing, r.Name)), pitch);
        Plot(axis, height);
        Nation(nation, axis, height);
        for (var i = 0; i < rows.Count; i++)
        {
            var (score, y) = (rows[i].Score, Top + ((i + 0.5) * pitch));
            Whisker(score.Interval, axis, y);
            page.Write($"<circle class=\"{(rows[i].Rank is null ? "dot open" : "dot")}\" cx=\"{axis.Place(score.Value)}%\" cy=\"{y}\" r=\"{(pitch > 15 ? 5 : 4)}\"/>");
        }

        EndOfBoth();
    }

    /// <summary>The others as dots without a name, and one dealer among them.</summary>
    public void Strip(string title, string description, IReadOnlyList<Score> others, Estimate own, double? nation)
    {
        var all = others.Select(o => o.CompletelySatisfied!.Value).ToList();
        var axis = Axis.Around(all.Select(e => e.Value).Concat(nation is { } share ? [share] : []).Select(v => new Estimate(v, null)).Append(own)); // the unranked are in the nation, too
        var stacks = all.GroupBy(e => (int)Math.Round(axis.Place(e.Value) / 2)).ToList();
        var pitch = Math.Min(9, 180.0 / Math.Max(1, stacks.Max(s => s.Count())));
        var ground = Top + 12 + (stacks.Max(s => s.Count()) * pitch);
        var height = (int)ground + 44 + Bottom;
        Begin("strip", title, description, height);
        Grid(axis, Top, height - Bottom);
        Nation(nation, axis, height);
        foreach (var stack in stacks)
        {
            var n = 0;
            foreach (var e in stack)
            {
                page.Write($"<circle class=\"other\" cx=\"{axis.Place(e.Value)}%\" cy=\"{ground - (++n * pitch)}\" r=\"{Math.Min(3.5, (pitch / 2) + 0.8)}\"/>");
            }
        }

        var (y, place) = (ground + 26, axis.Place(own.Value));
        Whisker(own.Interval, axis, y);
        page.Write($"<svg x=\"{place}%\" y=\"{y}\" overflow=\"visible\"><path class=\"own\" d=\"M0-8L7 0L0 8L-7 0Z\"/></svg>");
        page.Write($"<text class=\"strong {Anchor(place)}\" x=\"{place}%\" y=\"{y - 13}\">{words["this_dealer"]} {Words.Percent(own.Value)}</text>");
        End();
    }

    /// <summary>The items of a week: bars for their shares of all problems, a line for the sum so far; both on one axis.</summary>
    public void Pareto(string title, string description, IReadOnlyList<(string Name, long Count, double Share, double Cumulative)> items)
    {
        const int pitch = 22;
        var height = Top + (items.Count * pitch) + Bottom;
        Begin("rows", title, description, height);
        page.Write($"<text class=\"last\" x=\"100%\" y=\"12\">{words["count"]}</text>");
        for (var i = 0; i < items.Count; i++)
        {
            page.Write($"<text class=\"last\" x=\"100%\" y=\"{Top + ((i + 0.5) * pitch) + 4}\">{Words.Number(items[i].Count)}</text>");
        }

        Names(items.Select((item, i) => (Words.Plain(i + 1), item.Name)), pitch);
        Plot(Axis.Whole, height);
        for (var i = 0; i < items.Count; i++)
        {
            page.Write($"<rect class=\"bar\" x=\"0\" y=\"{Top + (i * pitch) + 4}\" width=\"{100 * items[i].Share}%\" height=\"{pitch - 8}\"/>");
        }

        for (var i = 0; i < items.Count; i++)
        {
            var (x, y) = (100 * items[i].Cumulative, Top + ((i + 0.5) * pitch));
            if (i > 0)
            {
                page.Write($"<line class=\"sum\" x1=\"{100 * items[i - 1].Cumulative}%\" x2=\"{x}%\" y1=\"{y - pitch}\" y2=\"{y}\"/>");
            }

            page.Write($"<circle class=\"sumdot\" cx=\"{x}%\" cy=\"{y}\" r=\"3\"/>");
        }

        EndOfBoth();
    }

    /// <summary>A value over time with the band of its interval, and perhaps another to compare.</summary>
    public void Course(string title, string description, IReadOnlyList<CoursePoint> points, double high, int height)
    {
        const int below = 40;
        Begin("course-of", title, description, height + below + 10);
        page.Write($"<svg y=\"10\" width=\"100%\" height=\"{height}\" overflow=\"visible\">");
        var axis = new Axis(0, high);
        foreach (var tick in axis.Ticks)
        {
            var y = 100 - axis.Place(tick);
            page.Write($"<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{y}%\" y2=\"{y}%\"/><text class=\"tick end\" x=\"-7\" y=\"{(y * height / 100) + 4}\">{PercentOf(tick)}</text>");
        }

        double X(int i) => 100 * (i + 0.5) / points.Count;
        double Y(double share) => 100 - axis.Place(share);
        page.Write($"<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" width=\"100%\" height=\"100%\">");
        foreach (var (from, to) in Runs(points, p => p.Value is not null))
        {
            if (to > from)
            {
                page.Write($"<path class=\"range\" d=\"");
                for (var i = from; i <= to; i++)
                {
                    page.Write($"{Letter(i == from)}{X(i)} {Y(Low(points[i].Value!.Value))}");
                }

                for (var i = to; i >= from; i--)
                {
                    page.Write($"L{X(i)} {Y(High(points[i].Value!.Value))}");
                }

                page.Write($"Z\"/>");
                Line("line", from, to, i => points[i].Value!.Value.Value);
            }
        }

        foreach (var (from, to) in Runs(points, p => p.Compared is not null))
        {
            Line("compared", from, to, i => points[i].Compared!.Value);
        }

        page.Write($"</svg>");
        foreach (var (from, to) in Runs(points, p => p.Value is not null).Where(r => r.From == r.To))
        {
            var lonely = points[from].Value!.Value;
            page.Write($"<line class=\"whisker\" x1=\"{X(from)}%\" x2=\"{X(to)}%\" y1=\"{Y(Low(lonely))}%\" y2=\"{Y(High(lonely))}%\"/>");
        }

        for (var i = 0; i < points.Count; i++)
        {
            if (points[i].Compared is { } compared)
            {
                page.Write($"<svg x=\"{X(i)}%\" y=\"{Y(compared)}%\" overflow=\"visible\"><rect class=\"square\" x=\"-3\" y=\"-3\" width=\"6\" height=\"6\"/></svg>");
            }

            if (points[i].Value is { } value)
            {
                page.Write($"<circle class=\"dot\" cx=\"{X(i)}%\" cy=\"{Y(value.Value)}%\" r=\"4\"/>");
            }

            page.Write($"<text class=\"tick mid{(i % 2 == 1 && points.Count > 6 ? " alt" : "")}\" x=\"{X(i)}%\" y=\"{height + 16}\">{points[i].Label}</text>");
            if (points[i].Below.Length > 0)
            {
                page.Write($"<text class=\"tick mid\" x=\"{X(i)}%\" y=\"{height + 31}\">{points[i].Below}</text>");
            }
        }

        EndOfBoth();

        void Line(string kind, int from, int to, Func<int, double> share)
        {
            page.Write($"<path class=\"{kind}\" d=\"");
            for (var i = from; i <= to; i++)
            {
                page.Write($"{Letter(i == from)}{X(i)} {Y(share(i))}");
            }

            page.Write($"\"/>");
        }
    }

    private static string Letter(bool first) => first ? "M" : "L";

    private static double Low(Estimate e) => e.Interval?.Low ?? e.Value;

    private static double High(Estimate e) => e.Interval?.High ?? e.Value;

    /// <summary>Neighbours that have a value: over a gap no line is drawn.</summary>
    private static IEnumerable<(int From, int To)> Runs(IReadOnlyList<CoursePoint> points, Func<CoursePoint, bool> there)
    {
        for (var i = 0; i < points.Count; i++)
        {
            if (there(points[i]))
            {
                var from = i;
                while (i + 1 < points.Count && there(points[i + 1]))
                {
                    i++;
                }

                yield return (from, i);
            }
        }
    }

    /// <summary>At the right half of a drawing letters go to the left of their place.</summary>
    private static string Anchor(double place) => place > 50 ? "end" : "start";

    private static string PercentOf(double share) => Words.Plain((long)Math.Round(100 * share)) + "%";

    private void Begin(string kind, string title, string description, int height)
    {
        var id = ++drawn;
        page.Write($"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart {kind}\" role=\"img\" aria-labelledby=\"t{id} d{id}\" width=\"100%\" height=\"{height}\">");
        page.Write($"<title id=\"t{id}\">{title}</title><desc id=\"d{id}\">{description}</desc>");
    }

    private void End() => page.Write($"</svg>");

    private void EndOfBoth() => page.Write($"</svg></svg>");

    /// <summary>Begins the part of a chart of lines that lies beside their names.</summary>
    private void Plot(Axis axis, int height)
    {
        page.Write($"<svg x=\"34%\" width=\"56%\" height=\"{height}\" overflow=\"visible\">");
        Grid(axis, Top, height - Bottom);
    }

    private void Grid(Axis axis, int top, int bottom)
    {
        foreach (var tick in axis.Ticks)
        {
            var x = axis.Place(tick);
            page.Write($"<line class=\"grid\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{top}\" y2=\"{bottom}\"/><text class=\"tick mid\" x=\"{x}%\" y=\"{bottom + 15}\">{PercentOf(tick)}</text>");
        }
    }

    private void Nation(double? nation, Axis axis, int height)
    {
        if (nation is { } share)
        {
            var x = axis.Place(share);
            page.Write($"<line class=\"nation\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{Top - 6}\" y2=\"{height - Bottom}\"/>");
            page.Write($"<text class=\"tick {Anchor(x)}\" x=\"{x}%\" y=\"11\">{words["nation"]} {Words.Percent(share)}</text>");
        }
    }

    private void Whisker(Interval? interval, Axis axis, double y)
    {
        if (interval is { } i)
        {
            page.Write($"<line class=\"whisker\" x1=\"{axis.Place(i.Low)}%\" x2=\"{axis.Place(i.High)}%\" y1=\"{y}\" y2=\"{y}\"/>");
        }
    }

    private void Names(IEnumerable<(string Number, string Name)> names, int pitch)
    {
        var i = 0;
        foreach (var (number, name) in names)
        {
            var y = Top + ((i++ + 0.5) * pitch) + 4;
            page.Write($"<text class=\"number\" x=\"24\" y=\"{y}\">{number}</text>");
            var (wide, narrow) = (Words.Short(name, LongName), Words.Short(name, ShortName));
            if (wide == narrow)
            {
                page.Write($"<text x=\"31\" y=\"{y}\">{name}</text>");
            }
            else
            {
                page.Write($"<text class=\"wide\" x=\"31\" y=\"{y}\">{wide}</text><text class=\"narrow\" x=\"31\" y=\"{y}\">{narrow}</text>");
            }
        }
    }
}
